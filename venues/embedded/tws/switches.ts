/** What goes wrong at TWS, as switches. All off: a TWS that behaves. Which failure each one is: venues/ibkr "Failure modes reported by users". */
export interface Switches {
  /** Every order is refused with 321. */
  readOnly: boolean;
  /** Code 100 above this many messages in a second; 0 is no limit. */
  messagesPerSecondMax: number;
  /** Bytes of one TCP write; 0 writes whole frames. */
  fragmentBytes: number;
  /** The connection stays up and nothing is answered any more: a half-open peer. */
  stall: boolean;
  /** The next order is accepted, and the connection breaks before its acknowledgement. */
  dropAfterNextPlace: boolean;
  /** The next order is lost with the connection. */
  swallowNextPlace: boolean;
  /** Every orderStatus comes twice. */
  duplicateStatus: boolean;
  noCommission: boolean;
  /** Fills are told to nobody; only reqExecutions shows them. */
  silentFills: boolean;
  /** An instant fill comes without an orderStatus. */
  noStatusOnFill: boolean;
  /** The commission comes before its execution. */
  commissionFirst: boolean;
  /** Acknowledgements wait this long, in market time. */
  acknowledgeAfterMs: number;
  /** The JSON of an advanced reject is broken. */
  brokenAdvancedReject: boolean;
  /** Orders above this size are refused with 383; 0 is no limit. */
  precautionarySize: number;
  /** An order without a time in force gets 10349. */
  presetTimeInForce: boolean;
  /** A modification while the uplink is down leaves the old order working and makes a second one, with a permId of its own. */
  duplicateOnModify: boolean;
  /** A client id stays in use this long after its connection ended, in market time. */
  clientIdHeldMs: number;
  /** Subscribers get 10197 and no ticks. */
  competingSession: boolean;
  /** Only delayed data: 354, or 10167 and delayed ticks. */
  delayedOnly: boolean;
  /** Bars that are kept up to date stand still. */
  deadBars: boolean;
  /** Ticks stop without a word. */
  silentFarm: boolean;
  /** What is sent while the uplink is down comes afterwards, or never. */
  uplinkLoses: boolean;
  /** Orders get no answer at all: they wait behind a dialog. */
  unansweredOrders: boolean;
  /** Non-zero: orders work at this price instead of their limit, and say so in mktCapPrice. */
  marketCapPrice: string;
  /** A restart rolls the next order id of every client back by so many. */
  rollBackIdsBy: number;
  /** Every fill falls into a loss of the uplink that lasts this long, in market time; 0 is never. */
  fillsIn1100Ms: number;
  /** The first session of a client after a weekly restart is told that all farms are well, and gets no tick and no bar. */
  blindAfterWeekly: boolean;
  /** After a reconnect bars that are kept up to date are not, until they are asked for once more. */
  deadBarsAfterReconnect: boolean;
  /** Another session places the same as every order, under the same order id, and everybody hears of it. */
  twinOrders: boolean;
  /** Every session hears of the orders of all, as a Master client does. */
  hearsAll: boolean;
  /** Requests for open orders show none. */
  emptyOpenOrders: boolean;
  /** Sessions are not started: somebody would have to accept them. */
  acceptDialog: boolean;
  /** openOrder has a field too many, as after an update of TWS. */
  extraField: boolean;
  /** So has tickPrice. */
  extraTickField: boolean;
  /** Contract details and chains are answered this late, in market time. */
  definitionsAfterMs: number;
  /** Chains name strikes that only some expiries have: of the others every second strike is no contract. */
  ghostStrikes: boolean;
  /** Code 100 is followed by the end of the connection. */
  pacingDisconnects: boolean;
  /** USD: orders above this value are refused with 451; 0 is no limit. */
  precautionaryValue: number;
  /** Subscribers get 10090, and ticks all the same. */
  partialSubscription: boolean;
  /** Executions come without the reference of their order. */
  noOrderRef: boolean;
  /** Cancels are taken this late, in market time, and not a word before. */
  cancelAfterMs: number;
  /** Short sales of shares are held with 404 until they are located. */
  locatingShares: boolean;
  /** Every order is held with 404, whatever it is of. */
  holdsEveryOrder: boolean;
  /** Every order of a pair or an option gets 2109, whatever it asked for. */
  warnsOutsideHours: boolean;
  /** Requests for bars are counted, and refused with 162 where they come too fast; a market that is played faster than the clock takes them all. */
  pacesHistory: boolean;
}

/** Failures that are more than one switch, by the name that `npm run venue -- --tws-fault` knows them by. */
export const MODES = {
  'id-rollback': { rollBackIdsBy: 4 },
  'fills-in-1100': { fillsIn1100Ms: 20_000, uplinkLoses: true },
  'blind-after-sunday': { blindAfterWeekly: true },
  'dead-bars': { deadBarsAfterReconnect: true },
  'orders-of-another-session': { twinOrders: true },
} as const satisfies Readonly<Record<string, Partial<Switches>>>;

export function behaving(): Switches {
  return {
    readOnly: false,
    messagesPerSecondMax: 0,
    fragmentBytes: 0,
    stall: false,
    dropAfterNextPlace: false,
    swallowNextPlace: false,
    duplicateStatus: false,
    noCommission: false,
    silentFills: false,
    noStatusOnFill: false,
    commissionFirst: false,
    acknowledgeAfterMs: 0,
    brokenAdvancedReject: false,
    precautionarySize: 0,
    presetTimeInForce: false,
    duplicateOnModify: false,
    clientIdHeldMs: 0,
    competingSession: false,
    delayedOnly: false,
    deadBars: false,
    silentFarm: false,
    uplinkLoses: false,
    unansweredOrders: false,
    marketCapPrice: '0',
    rollBackIdsBy: 0,
    fillsIn1100Ms: 0,
    blindAfterWeekly: false,
    deadBarsAfterReconnect: false,
    twinOrders: false,
    hearsAll: false,
    emptyOpenOrders: false,
    acceptDialog: false,
    extraField: false,
    extraTickField: false,
    definitionsAfterMs: 0,
    ghostStrikes: false,
    pacingDisconnects: false,
    precautionaryValue: 0,
    partialSubscription: false,
    noOrderRef: false,
    cancelAfterMs: 0,
    locatingShares: false,
    holdsEveryOrder: false,
    warnsOutsideHours: false,
    pacesHistory: false,
  };
}
