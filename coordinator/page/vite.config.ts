// How the page is built. Two builds of the same sources make the same bytes: names hold a hash of what is in the files, nothing of when
// or where they were made. Nothing is inlined: the coordinator's content-security policy admits files of its own only.
import { readFileSync } from 'node:fs';
import { defineConfig, type Plugin } from 'vite';

const BUNDLED = ['preact', '@preact/signals', '@preact/signals-core', 'uplot'];

/** What is bundled keeps its licences. */
function notices(): Plugin {
  return {
    name: 'notices',
    generateBundle() {
      const parts = BUNDLED.map((name) => {
        const { version, license } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8'));
        const text = readFileSync(`node_modules/${name}/LICENSE`, 'utf8').trim();
        return `${name} ${version} (${license})\n\n${text}\n`;
      });
      const head = 'The page holds these libraries.\n\n';
      this.emitFile({ type: 'asset', fileName: 'THIRD-PARTY.txt', source: head + parts.join(`\n${'-'.repeat(72)}\n\n`) });
    },
  };
}

export default defineConfig({
  base: '/',
  plugins: [notices()],
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: false,
    cssCodeSplit: false,
    reportCompressedSize: false,
    rollupOptions: {
      output: {
        hashCharacters: 'hex',
        entryFileNames: 'assets/page-[hash:12].js',
        chunkFileNames: 'assets/part-[hash:12].js',
        assetFileNames: 'assets/[name]-[hash:12][extname]',
      },
    },
  },
});
