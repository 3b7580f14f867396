/** Every private and every order request comes through here: its time, its key, its limits, and then its answer. */
import { wrongAuth, type Keys, type Signed } from './auth.ts';
import { CATEGORIES } from '../../listing.ts';
import type { Code } from './codes.ts';
import type { Desk } from './desk.ts';
import { Limits, type Allowance } from './limits.ts';
import type { Misdeeds } from './misdeeds.ts';
import { BadRequest, type Body } from './order-request.ts';
import { failed, type Reply } from './orders-api.ts';
import { GETS, POSTS, type Apis } from './routes.ts';

export interface Request extends Signed {
  readonly method: string;
  readonly path: string;
  /** As it was sent: it is signed like this. */
  readonly rawQuery: string;
  readonly body: string;
}

export interface Answered extends Reply {
  /** HTTP. */
  readonly status: number;
  readonly allowance: Allowance | null;
}

const PARAMETERS_WRONG = 10001;
const TOO_MANY = 10006;
const MAINTENANCE = 10016;
const ROUTE_UNKNOWN = 10017;
const FORBIDDEN = 403;

export interface DoorOptions {
  readonly keys: Keys;
  readonly desk: Desk;
  readonly misdeeds: Misdeeds;
  readonly apis: Apis;
  /** UTC milliseconds of the clients' world. */
  readonly clock: () => number;
  readonly limits: boolean;
  /** The account's VIP level. */
  readonly vip: number;
}

export class Door {
  readonly #options: DoorOptions;
  readonly #limits: Limits;

  constructor(options: DoorOptions) {
    this.#options = options;
    this.#limits = new Limits(options.clock, options.limits, options.vip);
  }

  /** The venue's clocks: what passes outside, and what is played; both shifted by the skew that was asked for. */
  clocks(): readonly number[] {
    const { clock, desk, misdeeds } = this.#options;
    const skew = misdeeds.ms('skew');
    return [clock() + skew, desk.now + skew];
  }

  answer(request: Request): Answered {
    const { method, path, rawQuery, body } = request;
    if (this.isBanned()) return plain({ retCode: FORBIDDEN, retMsg: 'access too frequent' }, FORBIDDEN);
    const wrong = wrongAuth(this.#options.keys, request, method === 'GET' ? rawQuery : body, this.clocks());
    if (wrong !== null) return plain(wrong);
    const [get, post] = [method === 'GET' ? GETS[path] : undefined, method === 'POST' ? POSTS[path] : undefined];
    if (get !== undefined) {
      const query = new URLSearchParams(rawQuery);
      return this.carryOut(path.slice('/v5/'.length), query.get('category'), () => get(this.#options.apis, query));
    }
    if (post === undefined) return plain({ retCode: ROUTE_UNKNOWN, retMsg: 'Route not found.' }, 404);
    const parsed = parseBody(body);
    if (parsed === null) return plain({ retCode: PARAMETERS_WRONG, retMsg: 'params error: the body must be a JSON object' });
    return this.carryOut(path.slice('/v5/'.length), parsed.category, (granted) => post(this.#options.apis, parsed, granted), costOf(parsed));
  }

  /** The account's level changes: an endpoint takes so many requests a second. */
  setLimit(endpoint: string, most: number): void {
    this.#limits.set(endpoint, most);
  }

  /** Once an address asks too often, everything it asks is refused. */
  isBanned(): boolean {
    return this.#options.misdeeds.is('ban') || !this.#limits.address();
  }

  /** The trade stream has a limit of its own, and no ban of minutes follows. */
  isFlooded(): boolean {
    return this.#options.misdeeds.is('ban') || !this.#limits.tradeStream();
  }

  admitsConnection(): boolean {
    return this.#limits.connection();
  }

  /** Within its limit, an endpoint does its work on the market as it stands: as much of it as the limit grants. */
  carryOut(endpoint: string, category: unknown, work: (granted: number) => Reply, cost = 1): Answered {
    const { misdeeds, desk } = this.#options;
    const allowance = this.#limits.endpoint(endpoint, CATEGORIES.find((known) => known === category) ?? 'linear', cost);
    if (allowance.granted === 0) return { ...plain({ retCode: TOO_MANY, retMsg: 'Too many visits. Exceeded the API Rate Limit.' }), allowance };
    if (misdeeds.is('maintenance')) return { ...plain({ retCode: MAINTENANCE, retMsg: 'Server is under maintenance.' }), allowance };
    desk.sync();
    try {
      return { ...work(allowance.granted), status: 200, allowance };
    } catch (error) {
      if (!(error instanceof BadRequest)) throw error;
      return { ...plain(error.code), allowance };
    }
  }
}

const plain = (code: Code, status = 200): Answered => ({ ...failed(code), status, allowance: null });

/** Every order of a batch counts. */
export const costOf = ({ request }: Body): number => (Array.isArray(request) ? Math.max(1, request.length) : 1);

export function parseBody(text: string): Body | null {
  try {
    const value: unknown = JSON.parse(text);
    // An object of unknown fields is all that is claimed.
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Body) : null;
  } catch {
    return null;
  }
}
