import { parseAddress, sameAddress, type Address } from '@sallyport/net'

/** Where clouds serve credentials to whoever asks: the goal of most server-side request forgery. */
export const METADATA_ADDRESSES: readonly Address[] = [parseAddress('169.254.169.254')!, parseAddress('fd00:ec2::254')!]

export function isMetadataAddress(address: Address): boolean {
  return METADATA_ADDRESSES.some((metadata) => sameAddress(metadata, address))
}
