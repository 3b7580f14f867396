/** S3: a one-time code brings a browser in, a signed cookie keeps it in. Neither is ever in a log, a message or an error. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** 256 bits, as text in the address of the login link. */
const CODE_BYTES = 32;
/** Links that were made and not used; the oldest is forgotten first. */
const CODES_MAX = 16;
export const CODE_LIFE_MS = 10 * 60_000;
export const SESSION_LIFE_MS = 24 * 3_600_000;
const TOKEN_LENGTH_MAX = 128;
const COOKIE_HEADER_LENGTH_MAX = 4096;

export class LoginCodes {
  readonly #now: () => number;
  readonly #secretBytes: (count: number) => Uint8Array;
  #codes: readonly { readonly digest: Uint8Array; readonly expiresAt: number }[] = [];

  constructor(now: () => number, secretBytes: (count: number) => Uint8Array) {
    this.#now = now;
    this.#secretBytes = secretBytes;
  }

  make(): string {
    const code = Buffer.from(this.#secretBytes(CODE_BYTES)).toString('base64url');
    this.#codes = [...this.#codes, { digest: digest(code), expiresAt: this.#now() + CODE_LIFE_MS }].slice(-CODES_MAX);
    return code;
  }

  /** True once for every code that was made, within its life. */
  use(code: string): boolean {
    const now = this.#now();
    const given = digest(code);
    const used = this.#codes.filter((known) => timingSafeEqual(known.digest, given));
    this.#codes = this.#codes.filter((known) => known.expiresAt > now && !used.includes(known));
    return used.some(({ expiresAt }) => expiresAt > now);
  }
}

/** The cookie is an expiry and its HMAC: nothing has to be remembered, so a restart forgets nobody. */
export class Sessions {
  readonly cookieName: string;
  readonly #secret: Uint8Array;
  readonly #now: () => number;

  /** Cookies do not know ports: with the port in its name, two systems on one machine keep apart. */
  constructor(secret: Uint8Array, port: number, now: () => number) {
    this.cookieName = `ledgerwood_${port}`;
    this.#secret = secret;
    this.#now = now;
  }

  /** A `Set-Cookie` value. No `Secure`: the page is on loopback, without TLS. */
  open(): string {
    const expiry = String(this.#now() + SESSION_LIFE_MS);
    const attributes = `Path=/; HttpOnly; SameSite=Strict; Max-Age=${SESSION_LIFE_MS / 1000}`;
    return `${this.cookieName}=${expiry}.${this.#sign(expiry)}; ${attributes}`;
  }

  isOpen(cookieHeader: string | undefined): boolean {
    const token = cookieOf(cookieHeader, this.cookieName);
    if (token === null || token.length > TOKEN_LENGTH_MAX) return false;
    const [expiry = '', mac = ''] = token.split('.');
    if (!/^\d{1,16}$/.test(expiry)) return false;
    return timingSafeEqual(digest(mac), digest(this.#sign(expiry))) && Number(expiry) > this.#now();
  }

  #sign(expiry: string): string {
    return createHmac('sha256', this.#secret).update(`session.${expiry}`).digest('base64url');
  }
}

/** Of equal length whatever came, as a comparison in constant time needs it. */
const digest = (text: string): Uint8Array => createHash('sha256').update(text).digest();

function cookieOf(header: string | undefined, name: string): string | null {
  if (header === undefined || header.length > COOKIE_HEADER_LENGTH_MAX) return null;
  for (const part of header.split(';')) {
    const at = part.indexOf('=');
    if (at !== -1 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
  }
  return null;
}
