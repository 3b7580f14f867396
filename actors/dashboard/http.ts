/** The page's files over HTTP: every request says a host of ours, and all but the login carry a session. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import sirv from 'sirv';
import type { Counters } from './counters.ts';
import { isOurHost, securityHeaders } from './guards.ts';
import type { LoginCodes, Sessions } from './session.ts';
import { SIGN_IN_STYLE, signInPage } from './sign-in-page.ts';

const URL_LENGTH_MAX = 2048;
const ASSET_SECONDS_MAX = 31_536_000;
const TEXT = 'text/plain; charset=utf-8';
const HTML = 'text/html; charset=utf-8';

export interface HttpOptions {
  readonly uiDir: string;
  /** Asked for each request: with port 0 it is known only once the server listens. */
  readonly port: () => number;
  readonly codes: LoginCodes;
  readonly sessions: () => Sessions;
  readonly counters: Counters;
}

/** @throws Error where the page was not built. */
export function createRequestListener(options: HttpOptions): RequestListener {
  const { uiDir, counters } = options;
  if (!existsSync(join(uiDir, 'index.html'))) {
    throw new Error(`${uiDir}: there is no index.html: build the page with "npx vite build ui --config ui/vite.config.ts"`);
  }
  const files = sirv(uiDir, { etag: true, dotfiles: false, setHeaders: (response, path) => response.setHeader('Cache-Control', cacheControl(path)) });
  return (request, response) => {
    const port = options.port();
    setHeaders(response, securityHeaders(port));
    if (!isOurHost(request, port)) {
      counters.add('host');
      return answer(response, 403, TEXT, 'This address is not one of mine.\n');
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      counters.add('method');
      response.setHeader('Allow', 'GET, HEAD');
      return answer(response, 405, TEXT, 'Only GET and HEAD.\n');
    }
    const url = parseUrl(request);
    if (url === null) return answer(response, 400, TEXT, 'That is no address.\n');
    if (url.pathname === '/login') return login(options, request, response, url.searchParams.get('code') ?? '');
    if (!options.sessions().isOpen(request.headers.cookie)) {
      counters.add('session');
      return refuse(response, port, 'This page shows a trading system and can stop it, so it asks who you are.');
    }
    files(request, response, () => answer(response, 404, TEXT, 'There is no such page.\n'));
  };
}

function login({ codes, sessions, counters, port }: HttpOptions, request: IncomingMessage, response: ServerResponse, code: string): void {
  // HEAD is what a preview sends: it must not use the link up.
  if (request.method === 'HEAD' || !codes.use(code)) {
    counters.add('login');
    return refuse(response, port(), 'This login link was used before, has expired, or never was one.');
  }
  response.setHeader('Set-Cookie', sessions().open());
  response.setHeader('Location', '/');
  answer(response, 303, TEXT, 'Logged in.\n');
}

function refuse(response: ServerResponse, port: number, sentence: string): void {
  setHeaders(response, securityHeaders(port, SIGN_IN_STYLE));
  answer(response, 401, HTML, signInPage(sentence));
}

function answer(response: ServerResponse, status: number, type: string, body: string): void {
  response.statusCode = status;
  response.setHeader('Content-Type', type);
  response.setHeader('Cache-Control', 'no-store');
  // Whatever body a refused request still sends is not read.
  if (status >= 400) response.setHeader('Connection', 'close');
  response.end(body);
}

function setHeaders(response: ServerResponse, headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
}

/** Files below assets/ carry their hash in their name; everything else is asked for again. */
const cacheControl = (path: string): string => (path.startsWith('/assets/') ? `private, max-age=${ASSET_SECONDS_MAX}, immutable` : 'no-cache');

function parseUrl({ url = '/' }: IncomingMessage): URL | null {
  return url.length <= URL_LENGTH_MAX && url.startsWith('/') && URL.canParse(url, 'http://page') ? new URL(url, 'http://page') : null;
}
