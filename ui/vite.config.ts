import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defaultClientConditions, defineConfig } from 'vite';

export default defineConfig({
  plugins: [svelte()],
  // `#protocol/view.ts` leads to the source, as it does for the type checker.
  resolve: { conditions: ['source', ...defaultClientConditions] },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    // Browsers that know light-dark(): the page says each colour once, for both themes.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    // The page's policy allows no inline code and no data addresses but images.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
});
