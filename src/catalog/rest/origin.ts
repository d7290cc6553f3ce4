/** Where credentials may travel: https only, loopback excepted, and no origin that the caller did not name. */
import { IcestreamError } from '../../errors.ts';

/**
 * A URL that credentials may be sent to.
 * @throws IcestreamError INVALID_ARGUMENT when it is not https (http is accepted for loopback addresses), holds
 * credentials or is not a URL.
 */
export function checkSecureUrl(text: string, option: string): URL {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new IcestreamError('INVALID_ARGUMENT', `${option} is not an http or https URL`, { option });
  }
  if (url.username !== '' || url.password !== '') {
    throw new IcestreamError('INVALID_ARGUMENT', `${option} holds credentials; give them as \`auth\` instead`, {
      option,
    });
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw new IcestreamError(
      'INVALID_ARGUMENT',
      `${option} ${url.origin} is not https: credentials and table data would travel in clear; use https`,
      { option },
    );
  }
  return url;
}

/** `localhost`, 127.0.0.0/8 and ::1. */
export function isLoopback(hostname: string): boolean {
  return /^(localhost|(.+\.)?localhost|127(\.\d{1,3}){3}|\[::1\])$/i.test(hostname);
}
