/** Problems with columns are collected and reported together: a person fixes a source once, not once a column. */
import { type ErrorCode, type ErrorPlace, IcestreamError } from '../errors.ts';

export interface ColumnProblem {
  /** Dotted path. */
  readonly column: string;
  /** What is wrong and what to do, without the column's name. */
  readonly problem: string;
}

const SHOWN = 20;
const NAME_LENGTH = 120;

/** One error that names every column (the first 20 when there are more); its place is the first of them. */
export function columnError(
  code: ErrorCode,
  subject: string,
  problems: readonly ColumnProblem[],
  place: Pick<ErrorPlace, 'file' | 'option' | 'table'> = {},
): IcestreamError {
  const lines = problems.slice(0, SHOWN).map((p) => `  ${shownName(p.column)}: ${p.problem}`);
  if (problems.length > SHOWN) lines.push(`  and ${problems.length - SHOWN} more`);
  const first = problems[0];
  return new IcestreamError(code, `${subject}:\n${lines.join('\n')}`, {
    ...place,
    ...(first === undefined ? {} : { column: first.column }),
  });
}

/** A column's name for a message: quoted where it would be misread, cut where it is very long. */
export function shownName(name: string): string {
  const cut = name.length > NAME_LENGTH ? `${name.slice(0, NAME_LENGTH)}…` : name;
  return /^[\p{L}\p{N}_.$-]+…?$/u.test(cut) ? cut : JSON.stringify(cut);
}

/** A dotted path; only for people, never to find a column by. */
export function childPath(parent: string, name: string): string {
  return parent === '' ? name : `${parent}.${name}`;
}

/** Names of one struct that are empty or occur twice. */
export function nameProblems(names: readonly string[], parent: string): ColumnProblem[] {
  const seen = new Map<string, number>();
  const problems: ColumnProblem[] = [];
  names.forEach((name, index) => {
    if (name === '') {
      problems.push({ column: childPath(parent, `#${index + 1}`), problem: 'has an empty name; give it one' });
      return;
    }
    const before = seen.get(name);
    if (before === undefined) seen.set(name, index);
    else {
      problems.push({
        column: childPath(parent, name),
        problem: `occurs twice (positions ${before + 1} and ${index + 1}); rename one`,
      });
    }
  });
  return problems;
}
