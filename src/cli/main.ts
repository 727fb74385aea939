#!/usr/bin/env node
import { requireNode } from './node-version.ts';

// Before anything else is loaded: an older Node would fail on the first import of node:sqlite with a stack.
requireNode();
const { run } = await import('./program.ts');
await run(process.argv);
