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
}

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
  };
}
