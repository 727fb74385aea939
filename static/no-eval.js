// The pages' security policy forbids code made from text. zod tries whether it may when the first schema is made, which
// browsers report as a violation; its global settings, read before that, tell it not to.
globalThis.__zod_globalConfig = { jitless: true };
