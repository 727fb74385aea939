import { defineConfig } from 'tsdown';

/** What is published beside the built application: plain JavaScript, because Node strips no types below node_modules. */
export default defineConfig([
	{
		entry: { client: 'src/lib/client/index.ts' },
		platform: 'neutral',
		// One file of declarations, so that no path of ours is looked up in another project.
		dts: true,
		deps: { neverBundle: [/^node:/] }
	},
	{
		entry: { cli: 'src/cli/main.ts' },
		platform: 'node',
		fixedExtension: false,
		dts: false
	}
]);
