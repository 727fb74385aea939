import { defineConfig } from 'vitest/config';

export default defineConfig({
	test: {
		include: ['tests/**/*.test.ts'],
		// Whole processes and browsers are started here; a slow machine must not make a true test fail.
		testTimeout: 60_000,
		hookTimeout: 120_000,
		// An unhandled rejection anywhere fails the run.
		dangerouslyIgnoreUnhandledErrors: false
	}
});
