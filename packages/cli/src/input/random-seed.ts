import type { HashSeed } from '@sallyport/compile'

/** For tables that are asked about names that clients and lists choose. */
export function randomSeed(): HashSeed {
  const [low = 0, high = 0] = crypto.getRandomValues(new Uint32Array(2))
  return [low, high]
}
