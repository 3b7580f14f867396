/** S1, S2, S5, S13: who may speak to the page's server, with what headers it answers, and which values never pass its edge. */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const HOSTS = ['127.0.0.1', 'localhost'] as const;
const POLLUTING = new Set(['__proto__', 'constructor', 'prototype']);
/** A command of the page is flat. */
const COMMAND_DEPTH_MAX = 4;

/** Names of this server and no other: a page of somebody else's whose name was rebound to loopback still says its own name. */
export function isOurHost({ headers }: IncomingMessage, port: number): boolean {
  return HOSTS.some((host) => headers.host === `${host}:${port}`);
}

/** A browser always says where a socket comes from; who says nothing is no browser, and nothing else has business here. */
export function isOurOrigin({ headers }: IncomingMessage, port: number): boolean {
  return HOSTS.some((host) => headers.origin === `http://${host}:${port}`);
}

/** Policy of every answer. Nothing is loaded from elsewhere, nothing is inline, nobody may frame the page. */
export function securityHeaders(port: number, inlineStyle?: string): Readonly<Record<string, string>> {
  const sockets = HOSTS.map((host) => `ws://${host}:${port}`).join(' ');
  const hash = inlineStyle === undefined ? '' : ` 'sha256-${createHash('sha256').update(inlineStyle).digest('base64')}'`;
  return {
    'Content-Security-Policy': [
      "default-src 'self'",
      "script-src 'self'",
      `style-src 'self'${hash}`,
      "img-src 'self' data:",
      `connect-src 'self' ${sockets}`,
      "object-src 'none'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
    'X-Frame-Options': 'DENY',
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Permissions-Policy': 'camera=(), microphone=(), geolocation=()',
  };
}

/** True where some key, however deep, would reach a prototype in careless hands, or where the value is deeper than any command. */
export function isPolluting(value: unknown, depth = 0): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (depth >= COMMAND_DEPTH_MAX) return true;
  return Reflect.ownKeys(value).some((key) => POLLUTING.has(String(key)) || isPolluting(Reflect.get(value, key), depth + 1));
}
