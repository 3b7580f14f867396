/** Server versions of the TWS protocol, and what came with them (venues/ibkr: "Server versions"). */

export const VERSION_MIN = 177;
/** The last one that the client library knows; protobuf begins at 201. */
export const VERSION_MAX = 193;

export const PENDING_PRICE_REVISION = 178;
export const LAST_TRADE_DATE = 182;
export const CUSTOMER_ACCOUNT = 183;
export const PROFESSIONAL_CUSTOMER = 184;
export const BOND_ACCRUED_INTEREST = 185;
export const INELIGIBILITY_REASONS = 186;
export const RFQ_FIELDS = 187;
export const INCLUDE_OVERNIGHT = 189;
export const UNDO_RFQ_FIELDS = 190;
export const CME_TAGGING_FIELDS = 192;
export const CME_TAGGING_FIELDS_IN_OPEN_ORDER = 193;
