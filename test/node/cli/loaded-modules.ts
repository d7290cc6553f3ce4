/** Writes what a process has loaded, source modules and Node's own, to the file that `LOADED_MODULES` names when it ends. */
import { writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

const loaded: string[] = [];

registerHooks({
  load(url, context, next) {
    if (url.includes('/src/')) loaded.push(url.replace(/.*\/src\//, ''));
    return next(url, context);
  },
});

process.on('exit', () => {
  const { moduleLoadList } = process as unknown as { readonly moduleLoadList: readonly string[] };
  writeFileSync(process.env['LOADED_MODULES'] ?? '', JSON.stringify([...loaded, ...moduleLoadList]));
});
