/** The command line: its commands, and the flags that all of them take. */
import { Command } from 'commander';
import { VERSION } from '../util/version.ts';
import { addFilesCommand } from './commands/add-files.ts';
import { appendCommand } from './commands/append.ts';
import { catalogCommand } from './commands/catalog.ts';
import { createCommand } from './commands/create.ts';
import { inspectCommand } from './commands/inspect.ts';
import { scanCommand } from './commands/scan.ts';
import { exitCodeHelp } from './exit-codes.ts';

const configurationHelp = `
Where tables are:
  --warehouse ./lakehouse          a folder (or s3://bucket/path): tables without a catalog service
  --catalog https://host/iceberg   an Iceberg REST catalog
  --catalog prod                   one of PyIceberg's configuration: .pyiceberg.yaml, PYICEBERG_CATALOG__PROD__URI, …
  Storage keys: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, or s3.* properties; a catalog may vend its own.`;

export function createProgram(): Command {
  const program = new Command('icestream')
    .version(VERSION, '-V, --version', 'print the version')
    .description('Streams data into Apache Iceberg tables in constant memory, one snapshot per write, and out of them.')
    .option('--catalog <url or name>', 'a REST catalog, or the name of a configured one')
    .option('--warehouse <folder or location>', 'without --catalog: keeps tables there; with it: its warehouse')
    .option('--token <token>', 'bearer token of the catalog (better: in the configuration)')
    .option('--s3-endpoint <url>', 'of the object store')
    .option('--s3-region <name>', 'of the object store')
    .option('--property <name=value...>', "any of the catalog's properties, by PyIceberg's names")
    .option('--json', 'print JSON lines, the result last')
    .addHelpText('after', `${configurationHelp}\n\n${exitCodeHelp}`)
    .showHelpAfterError('(icestream --help, or icestream <command> --help)')
    .configureHelp({ showGlobalOptions: true });
  appendCommand(program);
  createCommand(program);
  addFilesCommand(program);
  scanCommand(program);
  inspectCommand(program);
  catalogCommand(program);
  return program;
}
