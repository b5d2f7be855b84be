import { allNetworkNames, openGeography } from '@sallyport/catalog'

/** The names of autonomous systems by their numbers, where one is known. */
export type NetworkNames = () => Promise<ReadonlyMap<number, string>>

/** Read once, from now on: the files are long, and who asks first would wait for them. */
export function readNetworkNames(): NetworkNames {
  const [, { files }] = openGeography().sources()
  const names = allNetworkNames(files)
  // Whoever asks is told.
  names.catch(() => {})
  return () => names
}
