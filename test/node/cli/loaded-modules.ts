/** Writes the source modules that a process has loaded to the file that `LOADED_MODULES` names, when it ends. */
import { writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

const loaded: string[] = [];

registerHooks({
  load(url, context, next) {
    if (url.includes('/src/')) loaded.push(url.replace(/.*\/src\//, ''));
    return next(url, context);
  },
});

process.on('exit', () => writeFileSync(process.env['LOADED_MODULES'] ?? '', JSON.stringify(loaded)));
