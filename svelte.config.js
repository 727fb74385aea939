import adapter from '@sveltejs/adapter-node';
import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';

/** @type {import('@sveltejs/kit').Config} */
export default {
	preprocess: vitePreprocess(),
	kit: {
		// scripts/build.ts has it made in a folder of its own first.
		adapter: adapter({ out: process.env.BUILD_FOLDER ?? 'build', precompress: true }),
		// The origin of everything that spends or changes is checked in src/hooks.server.ts, GET subscriptions included.
		// Kit's own check would answer 403 to a POST of any program that forgets its content type, before we can tell.
		csrf: { trustedOrigins: ['*'] },
		// Kit adds a nonce to its own inline script; nothing else may run inline.
		csp: {
			mode: 'auto',
			directives: {
				'default-src': ['self'],
				'script-src': ['self'],
				'style-src': ['self'],
				// Chart and component libraries position elements through style attributes.
				'style-src-attr': ['unsafe-inline'],
				'img-src': ['self', 'data:'],
				'font-src': ['self'],
				'connect-src': ['self'],
				'frame-ancestors': ['none'],
				'base-uri': ['none'],
				'object-src': ['none'],
				'form-action': ['self']
			}
		}
	}
};
