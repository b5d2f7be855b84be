import type { Message } from '@sallyport/wire'

/** What came of one exchange with one upstream. */
export type Exchange =
  | { readonly kind: 'answer'; readonly message: Message }
  /** The server, or somebody who cannot see the question, wrote its letters in another case. */
  | { readonly kind: 'respelled'; readonly message: Message }
  | { readonly kind: 'failed'; readonly reason: 'timeout' | 'network' }

export const TIMED_OUT: Exchange = { kind: 'failed', reason: 'timeout' }
export const NETWORK_ERROR: Exchange = { kind: 'failed', reason: 'network' }

/** What an exchange comes to whose signal was aborted: by the deadline, or because the forwarder stops. */
export function abandoned(signal: AbortSignal): Exchange {
  return signal.reason instanceof DOMException && signal.reason.name === 'TimeoutError' ? TIMED_OUT : NETWORK_ERROR
}
