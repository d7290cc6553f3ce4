import { nodeResolve } from '@rollup/plugin-node-resolve';

const forBrowsers = [nodeResolve({ browser: true })];
const forNode = [nodeResolve({ exportConditions: ['node'] })];

export default [
  { input: { page: 'page.js' }, plugins: forBrowsers, output: { dir: 'whole' } },
  { input: { page: 'page-append.js' }, plugins: forBrowsers, output: { dir: 'append' } },
  {
    input: { script: 'script.mjs' },
    external: /^node:/,
    plugins: forNode,
    output: { dir: 'node', entryFileNames: '[name].mjs' },
  },
];
