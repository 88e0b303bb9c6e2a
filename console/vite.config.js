// The build is a flat folder: the door serves files by name from one, and knows by the
// hash in a name that what it holds never changes.  No script and no style in the page
// itself, nothing inlined: the policy that goes with it allows neither.
import { defineConfig } from 'vite';

export default defineConfig({
	base: './',
	oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
	build: {
		target: 'baseline-widely-available',
		outDir: 'dist',
		emptyOutDir: true,
		assetsDir: '',
		assetsInlineLimit: 0,
		cssCodeSplit: false,
		// what it would add makes elements for what the browser finds by itself
		modulePreload: false,
		sourcemap: false,
		reportCompressedSize: false,
		rolldownOptions: {
			output: {
				entryFileNames: '[name]-[hash].js',
				chunkFileNames: '[name]-[hash].js',
				assetFileNames: '[name]-[hash][extname]',
			},
		},
	},
});
