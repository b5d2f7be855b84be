/** Octets as a person reads them, in powers of a thousand. */
export function bytesText(bytes: number): string {
  const step = [1e12, 1e9, 1e6, 1e3].find((each) => bytes >= each)
  if (step === undefined) return `${bytes} B`
  return `${(bytes / step).toFixed(1)} ${{ 1e12: 'TB', 1e9: 'GB', 1e6: 'MB', 1e3: 'kB' }[step]!}`
}
