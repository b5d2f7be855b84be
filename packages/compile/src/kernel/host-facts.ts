import type { Posture } from '@sallyport/policy'

/** What is known of this host when its kernel image is made; the kernel itself finds user, application and unit. */
export type HostFacts = {
  readonly device: string | null
  readonly tags: readonly string[] | null
  readonly posture: Posture | null
  readonly users: readonly { readonly uid: number; readonly user: string; readonly groups: readonly string[] }[]
  readonly apps: readonly {
    readonly dev: bigint
    readonly ino: bigint
    readonly app: string
    readonly appSha256: string | null
  }[]
  readonly units: readonly {
    readonly cgroupId: bigint
    readonly unit: string | null
    readonly container: string | null
  }[]
}
