/** UUIDs from the injected random and clock (RFC 9562). */
import { toHex } from './encoding.ts';
import { defaultWorld, type World } from './world.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Whether `text` is spelled as a UUID, of any version. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** Version 4: random. */
export function uuidV4(world: Pick<World, 'randomBytes'>): string {
  return format(world.randomBytes(16), 4);
}

/**
 * Version 7, as `commitId` takes it: milliseconds, then random; sorts by time across milliseconds.
 * @param world Clock and random. Default: the runtime's own.
 */
export function uuidV7(world: Pick<World, 'randomBytes' | 'now'> = defaultWorld): string {
  const bytes = world.randomBytes(16);
  let ms = Math.max(0, Math.floor(world.now()));
  for (let i = 5; i >= 0; i--) {
    bytes[i] = ms % 256;
    ms = Math.floor(ms / 256);
  }
  return format(bytes, 7);
}

/** The milliseconds in a version 7 UUID; null for every other text. */
export function uuidV7Ms(uuid: string): number | null {
  return isUuid(uuid) && uuid[14] === '7' ? Number.parseInt(uuid.slice(0, 8) + uuid.slice(9, 13), 16) : null;
}

function format(bytes: Uint8Array, version: number): string {
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | (version << 4);
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = toHex(bytes);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
