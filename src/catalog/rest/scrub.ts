/** Keeps secrets out of messages: those this catalog knows, and those that look like one. */

const PATTERNS: ReadonlyArray<readonly [RegExp, string]> = [
  [/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{4,}/gi, '$1 [removed]'],
  [/\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*)?/g, '[removed]'],
  [
    /([?&](?:X-Amz-(?:Signature|Credential|Security-Token)|token|access_token|client_secret)=)[^&\s"'<]+/gi,
    '$1[removed]',
  ],
  [
    /(["']?(?:secret[-_]?access[-_]?key|access[-_]?key[-_]?id|session[-_]?token|access_token|refresh_token|client_secret|password|credential)["']?\s*[:=]\s*["']?)[^"'\s,;&<>}]+/gi,
    '$1[removed]',
  ],
  [/\b(Signature=|Credential=)[A-Za-z0-9/_-]{8,}/g, '$1[removed]'],
  [/(<(AWSAccessKeyId|StringToSign\w*|SignatureProvided|CanonicalRequest\w*)>)[^<]*(<\/)/gi, '$1[removed]$3'],
  [/(\b[a-z][a-z0-9+.-]*:\/\/)[^/\s@"'<>]+@/gi, '$1'],
];

/** Longest text that is kept of a server's error message, in characters. */
export const MAX_MESSAGE_LENGTH = 500;

/** The secrets one catalog knows; it learns more as tokens are issued and credentials are vended. */
export class Secrets {
  readonly #known = new Set<string>();
  /** All spellings of them, the longest first: an escaped one may contain the plain one, and its rest would stay. */
  #spellings: readonly string[] = [];

  /** Remembers the newest 256 secrets; shorter than 4 characters would blank out ordinary text. */
  add(...secrets: ReadonlyArray<string | undefined>): void {
    for (const secret of secrets) {
      if (secret === undefined || secret.length < 4) continue;
      this.#known.delete(secret);
      this.#known.add(secret);
      if (this.#known.size > 256) {
        const oldest = this.#known.values().next().value;
        if (oldest !== undefined) this.#known.delete(oldest);
      }
    }
    this.#spellings = [...this.#known].flatMap(spellings).sort((a, b) => b.length - a.length);
  }

  /** `text` on one line, without secrets, cut to {@link MAX_MESSAGE_LENGTH}. */
  scrub(text: string): string {
    let clean = text;
    for (const spelling of this.#spellings) clean = clean.replaceAll(spelling, '[removed]');
    for (const [pattern, replacement] of PATTERNS) clean = clean.replace(pattern, replacement);
    clean = clean.replace(/[\s\p{Cc}]+/gu, ' ').trim();
    return clean.length > MAX_MESSAGE_LENGTH ? `${clean.slice(0, MAX_MESSAGE_LENGTH)}…` : clean;
  }
}

function spellings(secret: string): string[] {
  const form = new URLSearchParams([['', secret]]).toString().slice(1);
  return [...new Set([secret, JSON.stringify(secret).slice(1, -1), form, encodeURIComponent(secret.toWellFormed())])];
}
