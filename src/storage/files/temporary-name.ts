import { uuidV4 } from '../../util/uuid.ts';
import type { World } from '../../util/world.ts';

/** Readers of table folders skip names that begin with a dot. */
const TEMPORARY = /^\.icestream-[0-9a-f-]{36}\.tmp$/;

/** Of a file that has no name of its own yet. */
export function temporaryName(world: Pick<World, 'randomBytes'>): string {
  return `.icestream-${uuidV4(world)}.tmp`;
}

export function isTemporaryName(name: string): boolean {
  return TEMPORARY.test(name);
}
