import type { Policy } from '@sallyport/policy'

export type FollowedHost = {
  readonly policy: () => Policy
  /** Puts the policy in force once more, with the world as it is now. */
  readonly readAgain: (because: string) => Promise<void>
}

export type FollowedWorld = Disposable & {
  readonly feeds: () => readonly HostFeed[]
  /** Looks for a new copy of a feed now. Throws `name-unknown`. */
  readonly refresh: (name: string) => Promise<HostFeedLook>
}

export type HostFeedLook = {
  readonly outcome: 'updated' | 'unchanged' | 'held' | 'failed'
  readonly reason: string | null
}

/** A feed of the policy, as the host last looked at it. */
export type HostFeed = {
  readonly name: string
  /** 0: no copy is in force. */
  readonly entries: number
  readonly fetchedMs: number | null
  readonly checkedMs: number | null
  /** Why the last check brought nothing, or why the copy that it brought is held back. */
  readonly problem: string | null
}
