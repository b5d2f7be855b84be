/** Who is behind a connection from this host. A fact that is left out could not be found out. */
export type LocalClient = {
  readonly user?: string
  readonly groups?: readonly string[]
  readonly app?: string
  readonly appSha256?: string
  readonly unit?: string | null
}
