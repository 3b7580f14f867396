/**
 * The failure modes of TWS that users have reported (venues/ibkr, section 7): what makes the embedded TWS show each, what a naive client of the
 * unmodified library then hears, and what the gateway is to make of it. One table, for the façade's scenarios and for the gateway's.
 */

export interface TwsMode {
  readonly id: number;
  readonly title: string;
  /** Faults of the embedded TWS (`inject`), in order; none where it behaves so by itself. */
  readonly faults: readonly (readonly [name: string, target?: string, value?: string])[];
  /** The switch of `npm run venue -- --tws-fault`, for the five big ones. */
  readonly venueSwitch?: string;
  /** What the naive client hears, in lines of `lineOf`. */
  readonly wire: readonly string[];
  /** The session is not answered any more: nobody waits for the time. */
  readonly deaf?: true;
  /** The gateway's part. */
  readonly gateway: string;
}

/** What TWS says of a market order that fills: recorded from a live one (venues/ibkr "Event choreography"). */
export const FILLED_AT_ONCE: readonly string[] = [
  'openOrder 101 PreSubmitted',
  'orderStatus 101 PreSubmitted',
  'execDetails 101',
  'openOrder 101 Filled',
  'orderStatus 101 Filled',
  'openOrder 101 Filled',
  'orderStatus 101 Filled',
  'commissionReport',
];

export const MODES: readonly TwsMode[] = [
  {
    id: 1,
    title: 'fills in a 1100 window are told to nobody (LEAN #249)',
    faults: [['fills-in-1100', 'on']],
    venueSwitch: 'fills-in-1100',
    wire: ['openOrder 101 Submitted', 'orderStatus 101 Submitted', 'info 1100', 'info 1102', 'execDetails 101', 'commissionReport', 'execDetailsEnd'],
    gateway: 'asks for executions after 1101 and 1102; the fill is booked once, by its execution id',
  },
  {
    id: 2,
    title: 'an order is lost in the restart, and the next id rolls back (LEAN #242)',
    faults: [['id-rollback', 'on'], ['swallow-next-place']],
    venueSwitch: 'id-rollback',
    wire: ['disconnected', 'nextValidId 101', 'openOrderEnd', 'completedOrdersEnd', 'execDetailsEnd'],
    gateway:
      'ids come from its own log above everything it ever used; the lost order is UNKNOWN until two looks say it never arrived, and is not sent again',
  },
  {
    id: 3,
    title: 'a modification during 1100 makes two live orders with one reference (nautilus #4564)',
    faults: [['duplicate-on-modify'], ['lose-uplink']],
    wire: [
      'info 1100',
      'openOrder 101 Submitted',
      'orderStatus 101 Submitted',
      'info 1102',
      'openOrder 101 Submitted',
      'orderStatus 101 Submitted',
      'openOrder 101 Submitted',
      'orderStatus 101 Submitted',
      'openOrderEnd',
    ],
    gateway: 'nothing is modified or sent while the uplink is down; two permIds of one reference are an alarm',
  },
  {
    id: 4,
    title: 'an order that works is not among the open orders (nautilus #3958)',
    faults: [['empty-open-orders']],
    wire: ['openOrderEnd', 'completedOrdersEnd'],
    gateway: 'absence ends no order: only a completed order or an execution does',
  },
  {
    id: 5,
    title: 'a market order that fills at once has no status (Lean-core PR #851)',
    faults: [['no-status-on-fill']],
    wire: [
      'openOrder 101 PreSubmitted',
      'orderStatus 101 PreSubmitted',
      'execDetails 101',
      'openOrder 101 Filled',
      'openOrder 101 Filled',
      'commissionReport',
    ],
    gateway: 'fills come from execDetails alone',
  },
  {
    id: 6,
    title: 'a fill of an order id that nobody here used (LEAN #189)',
    faults: [['hears-all'], ['other-session-order', 'EUR.USD', '20000']],
    wire: FILLED_AT_ONCE,
    gateway: 'another client id: the fill is not ours, is booked as external and closes the symbol for entries',
  },
  {
    id: 7,
    title: 'the commission comes before its execution, or never (ib_insync #170)',
    faults: [['commission-first'], ['no-status-on-fill']],
    wire: [
      'openOrder 101 PreSubmitted',
      'orderStatus 101 PreSubmitted',
      'commissionReport',
      'execDetails 101',
      'openOrder 101 Filled',
      'openOrder 101 Filled',
      'openOrder 102 PreSubmitted',
      'orderStatus 102 PreSubmitted',
      'execDetails 102',
      'openOrder 102 Filled',
      'openOrder 102 Filled',
    ],
    gateway: 'joined by execution id in either order; without one the fee is provisional until executions are asked for',
  },
  {
    id: 8,
    title: 'every orderStatus comes twice',
    faults: [['duplicate-status']],
    wire: ['openOrder 101 Submitted', 'orderStatus 101 Submitted', 'orderStatus 101 Submitted'],
    gateway: 'the same status of the same permId is nothing new',
  },
  {
    id: 9,
    title: '326 after a drop: the old session still holds the client id (nautilus PR #3796)',
    faults: [['client-id-held-ms', '30000'], ['drop-sessions']],
    wire: ['disconnected', 'connected', 'info 326', 'disconnected', 'nextValidId 101'],
    gateway: 'the same client id again, with a growing pause; never another one',
  },
  {
    id: 10,
    title: 'a farm is broken, then well, and quotes stay silent (nautilus PR #3968, IBC #143)',
    faults: [['farm-broken', 'cashfarm'], ['lose-lines'], ['farm-ok', 'cashfarm']],
    wire: ['info 2103', 'info 2104', 'tick 6 bid 1.2', 'tick 6 ask 1.20005', 'tick 6 bid 1.3', 'tick 6 ask 1.30005'],
    gateway: 'stale from 2103 on; subscribes anew after 2104',
  },
  {
    id: 11,
    title: '1101: every subscription is lost (ib_insync #256)',
    faults: [['lose-uplink'], ['restore-uplink', 'lost']],
    wire: ['info 1100', 'info 1101'],
    gateway: 'subscribes to everything anew after 1101, to nothing after 1102',
  },
  {
    id: 12,
    title: '10197: somebody else has logged in, and ticks stop (LEAN #140)',
    faults: [['competing-login', 'on']],
    wire: ['error 5 10197', 'tick 5 bid 1.3', 'tick 5 ask 1.30005'],
    gateway: 'the symbol is not tradable until ticks come again',
  },
  {
    id: 13,
    title: 'the weekly login: TWS stays down until a person confirms it (LEAN #246)',
    faults: [['go-down', 'weekly']],
    wire: ['disconnected', 'disconnected', 'nextValidId 101'],
    gateway: 'tries on with long pauses, tells a person, and trades when it is back',
  },
  {
    id: 14,
    title: 'the nightly reset: 1100 and 1102, several times (LEAN #227)',
    faults: [],
    wire: ['info 1100', 'info 1102', 'info 1100', 'info 1102', 'info 1100', 'info 1102'],
    gateway: 'the session stays; one synchronisation after the last',
  },
  {
    id: 15,
    title: '10349: a preset sets the time in force (ib_async #217)',
    faults: [['preset-time-in-force']],
    wire: ['error 101 10349', 'openOrder 101 Submitted', 'orderStatus 101 Submitted'],
    gateway: 'always sends a time in force; 10349 is a notice',
  },
  {
    id: 16,
    title: '103: the order id was used (ib_insync #644)',
    faults: [],
    wire: ['error 101 103'],
    gateway: 'outcome unknown: looks, and does not send again',
  },
  {
    id: 17,
    title: '10147 and 10148: a cancel that finds nothing (LEAN PR #248)',
    faults: [],
    wire: ['error 150 10147', 'error 101 10148'],
    gateway: 'ends no order by itself: reconciles',
  },
  {
    id: 18,
    title: 'an order given while disconnected is sent by the library on the next connect (stoqey #162, #195)',
    faults: [],
    wire: ['nextValidId 101', 'openOrder 101 Submitted', 'orderStatus 101 Submitted'],
    gateway: 'one object a session; nothing is handed to the library unless ready',
  },
  {
    id: 19,
    title: 'a field too many after an update of TWS (stoqey #201)',
    faults: [['extra-field']],
    wire: ['error -1 505', 'openOrder 101 Submitted', 'orderStatus 101 Submitted'],
    gateway: '505 is an alarm and closes the broker for entries',
  },
  {
    id: 20,
    title: '321: the API is read-only (IBC #341)',
    faults: [['read-only']],
    wire: ['error 101 321'],
    gateway: 'found by a what-if at the start: an error of configuration; an order that meets it is rejected',
  },
  {
    id: 21,
    title: 'a chain is answered late, and its grid has contracts that are none (ib_async #95, LEAN #124)',
    faults: [['definitions-after-ms', '60000'], ['ghost-strikes']],
    wire: ['securityDefinitionOptionParameter 1', 'securityDefinitionOptionParameter 1', 'securityDefinitionOptionParameter 1', 'error 2 200'],
    gateway: 'chains are kept and asked for once; each chosen contract is confirmed by its details',
  },
  {
    id: 22,
    title: '100: too many messages, and the connection ends (ib_insync PR #35)',
    faults: [
      ['messages-per-second-max', '2'],
      ['pacing-disconnects', 'on'],
    ],
    wire: ['info 100', 'disconnected'],
    gateway: 'its own bucket keeps it below the limit',
  },
  {
    id: 23,
    title: '383 and 451: precautionary limits (IBC #227)',
    faults: [
      ['precautionary-size', '50000'],
      ['precautionary-value', '30000'],
    ],
    wire: ['error 101 383', 'error 102 451'],
    gateway: 'rejected, with the words of TWS',
  },
  {
    id: 24,
    title: 'the price is capped: mktCapPrice is not 0',
    faults: [['market-cap-price', '1.0495']],
    wire: ['openOrder 101 Submitted', 'orderStatus 101 Submitted'],
    gateway: 'works, with an alarm that names the price',
  },
  {
    id: 25,
    title: '2109: outside regular hours is ignored (ib_insync #141)',
    faults: [],
    wire: ['error 101 2109', 'openOrder 101 Submitted', 'orderStatus 101 Submitted'],
    gateway: 'a warning: the order works',
  },
  {
    id: 26,
    title: '135: a leg is changed under a parent that is done (ib_insync #647)',
    faults: [],
    wire: ['error 102 135', 'openOrder 102 Submitted', 'orderStatus 102 Submitted'],
    gateway: 'legs are changed under parentId 0 once the entry has filled',
  },
  {
    id: 27,
    title: '201: orders on both sides of one option (ib_insync #694)',
    faults: [],
    wire: ['error 102 201'],
    gateway: 'rejected',
  },
  {
    id: 28,
    title: '10090: a part is not subscribed, and ticks come all the same (rust-ibapi #768)',
    faults: [['partial-subscription']],
    wire: ['error 6 10090', 'tick 6 bid 1.1', 'tick 6 ask 1.10005'],
    gateway: 'of this request alone; the session goes on',
  },
  {
    id: 29,
    title: 'connecting hangs: somebody would have to accept it (ib_async #18)',
    faults: [['accept-dialog']],
    wire: ['connected'],
    deaf: true,
    gateway: 'a deadline on nextValidId, then a new object',
  },
  {
    id: 30,
    title: '10268: eTradeOnly is not supported (vnpy_ib #17)',
    faults: [],
    wire: ['error 101 10268'],
    gateway: 'never sets it',
  },
  {
    id: 31,
    title: 'the broker liquidates: 2148, then an execution of order -1 (LEAN #156)',
    faults: [['liquidate', 'EUR.USD', '20000']],
    wire: ['info 2148', 'execDetails -1', 'commissionReport'],
    gateway: 'booked as external, with an alarm',
  },
  {
    id: 32,
    title: 'after a restart our own orders come back as if they were new (nautilus #3176)',
    faults: [['restart', 'nightly']],
    wire: ['disconnected', 'nextValidId 102', 'openOrder 101 Submitted', 'orderStatus 101 Submitted', 'openOrderEnd'],
    gateway: 'matched by reference before anything is made of them',
  },
  {
    id: 33,
    title: 'executions without the reference of their order (node-ib #110)',
    faults: [['no-order-ref']],
    wire: FILLED_AT_ONCE,
    gateway: 'joined by permId, or by client and order id, where the reference is missing',
  },
  {
    id: 34,
    title: 'a warning is no rejection, and a rejection has no status: 399 works, 110 does not',
    faults: [],
    wire: ['error 101 399', 'openOrder 101 Submitted', 'orderStatus 101 Submitted', 'error 102 110'],
    gateway: 'its own table of codes: 110, 200, 201, 203 and 321 end a new order, warnings do not',
  },
  {
    id: 35,
    title: 'an order gets no answer: it waits behind a dialog (LEAN #93)',
    faults: [['unanswered-orders']],
    wire: ['openOrderEnd', 'openOrder 101 Submitted', 'orderStatus 101 Submitted'],
    gateway: 'UNKNOWN after its deadline: neither failed nor sent again; what comes later is taken',
  },
  {
    id: 36,
    title: 'a cancel is not acknowledged for minutes (LEAN PR #256)',
    faults: [['cancel-after-ms', '120000']],
    wire: ['orderStatus 101 Cancelled', 'error 101 202'],
    gateway: 'the order is held as open, its exposure reserved, until then',
  },
  {
    id: 37,
    title: 'one order id, two sessions: a callback hits the wrong order (LEAN #242)',
    faults: [['orders-of-another-session', 'on']],
    venueSwitch: 'orders-of-another-session',
    wire: ['openOrder 101 Submitted', 'orderStatus 101 Submitted', 'openOrder 101 Submitted', 'orderStatus 101 Submitted'],
    gateway: 'ours by client id and permId; another reference under our id is an alarm and changes no order',
  },
  {
    id: 38,
    title: 'the first order waits for its contract details (LEAN #48)',
    faults: [['definitions-after-ms', '10000']],
    wire: ['openOrder 101 Submitted', 'orderStatus 101 Submitted', 'contractDetails 1'],
    gateway: 'the symbols it trades are qualified before it is ready',
  },
  {
    id: 39,
    title: '202 and 404 are no refusals: cancelled as asked, and held until shares are located (Lean-core PR #1026)',
    faults: [['locating-shares']],
    wire: [
      'error 101 404',
      'openOrder 101 PreSubmitted',
      'orderStatus 101 PreSubmitted',
      'openOrder 101 Submitted',
      'orderStatus 101 Submitted',
      'orderStatus 101 Cancelled',
      'error 101 202',
    ],
    gateway: '202 confirms a cancel; 404 is a wait',
  },
  {
    id: 40,
    title: 'blind after the Sunday restart: farms are well and nothing comes (IBC #143)',
    faults: [
      ['blind-after-sunday', 'on'],
      ['restart', 'weekly'],
    ],
    venueSwitch: 'blind-after-sunday',
    wire: ['disconnected', 'nextValidId 101', 'nextValidId 101', 'tick 5 bid 1.2', 'tick 5 ask 1.20005', 'tick 5 bid 1.3', 'tick 5 ask 1.30005'],
    gateway: 'a session in which open markets stay without a tick is given up for a new one',
  },
  {
    id: 41,
    title: 'bars are dead after a reconnect, quotes go on',
    faults: [['dead-bars', 'on'], ['lose-uplink'], ['restore-uplink', 'kept']],
    venueSwitch: 'dead-bars',
    wire: ['info 1100', 'info 1102', 'tick 5 bid 1.2', 'tick 5 ask 1.20005', 'tick 5 bid 1.3', 'tick 5 ask 1.30005', 'bar 4'],
    gateway: 'bars are made of quotes, or asked for anew after every reconnect',
  },
];
