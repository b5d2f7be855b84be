/** A service of an ICAP server (RFC 3507), as its URL names it. */
export type IcapService = { readonly host: string; readonly port: number; readonly path: string }

export type IcapOptions = {
  /** Who is asked about requests, and who about answers; it may be the same server. */
  readonly request: IcapService | null
  readonly response: IcapService | null
  /** Whether what could not be asked about passes. */
  readonly passesOnFailure: boolean
}

export function icapUrl({ host, port, path }: IcapService): string {
  return `icap://${icapHost({ host, port })}${path}`
}

export function icapHost({ host, port }: Pick<IcapService, 'host' | 'port'>): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}
