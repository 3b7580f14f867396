/** Private and order requests over HTTP, with whatever fault waits for them on the way in or out. */
import type { ServerResponse } from 'node:http';
import { respond } from '../envelope.ts';
import type { Desk } from './desk.ts';
import type { Answered, Door, Request } from './door.ts';
import type { Misdeeds, Spoil } from './misdeeds.ts';
import { coded } from './trade-stream.ts';

export class Reception {
  readonly #door: Door;
  readonly #desk: Desk;
  readonly #misdeeds: Misdeeds;

  constructor(door: Door, desk: Desk, misdeeds: Misdeeds) {
    this.#door = door;
    this.#desk = desk;
    this.#misdeeds = misdeeds;
  }

  receive(request: Request, response: ServerResponse): void {
    const spoil = this.#misdeeds.next(request.path);
    if (spoil === null) return this.#send(response, this.#door.answer(request));
    if (spoil.fault === 'drop-before') response.destroy();
    else if (spoil.fault === 'late-delivery') later(spoil.value, () => this.#send(response, this.#door.answer(request)));
    else if (spoil.fault === 'code') this.#send(response, coded(spoil.value));
    else if (spoil.fault === 'http') this.#broken(response, spoil.value);
    else this.#after(request, response, spoil);
  }

  /** The request is carried out; what comes back of it is spoilt. */
  #after(request: Request, response: ServerResponse, { fault, value }: Spoil): void {
    const answered = this.#door.answer(request);
    if (fault === 'drop-reply') response.destroy();
    else if (fault === 'late-reply') later(value, () => this.#send(response, answered));
    else if (fault === 'code-after') this.#send(response, { ...coded(value), allowance: answered.allowance });
    else respond(response, answered, this.#now(), answered.allowance ?? undefined, fault === 'cut-body' ? 'cut' : 'hang');
  }

  #send(response: ServerResponse, answered: Answered): void {
    respond(response, answered, this.#now(), answered.allowance ?? undefined);
  }

  #now(): number {
    return this.#desk.now + this.#misdeeds.ms('skew');
  }

  /** As a proxy before the venue answers. */
  #broken(response: ServerResponse, status: number): void {
    const body = `<html><head><title>${status}</title></head><body>${status}</body></html>`;
    response.writeHead(status, { 'content-type': 'text/html', 'content-length': body.length });
    response.end(body);
  }
}

function later(ms: number, work: () => void): void {
  setTimeout(work, ms).unref();
}
