/**
 * What signed NSEC and NSEC3 records prove about a name and a type:
 * `no-name`: there is no such name; `no-type`: the name lacks the type; `unsigned`: the name may be delegated without
 * signatures (RFC 5155 §6, opt-out), or the records ask for too much; `nothing`: neither.
 * `delegation`: with `no-type` of DS, that the name is a zone of its own.
 */
export type Denial =
  { readonly proves: 'no-name' | 'unsigned' | 'nothing' } | { readonly proves: 'no-type'; readonly delegation: boolean }

export const NOTHING: Denial = { proves: 'nothing' }
