/** For Node, Deno and Bun: `script.ts URL SEED`. */
import process from 'node:process';
import { digestFiles } from './digest-files.ts';

const [url = '', seed = ''] = process.argv.slice(2);
console.log(JSON.stringify(await digestFiles(url, Number(seed))));
