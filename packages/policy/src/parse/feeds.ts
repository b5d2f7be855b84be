import type { FeedSource } from '../policy.ts'
import { quote } from './describe.ts'
import type { Path, Report } from './problem.ts'
import { finding } from './scope.ts'

export function checkFeed({ url, file, refresh, sha256, minisign }: FeedSource, path: Path, report: Report): void {
  const wrong = (key: string, text: string, allowed: readonly string[]): void => {
    report(
      finding('bad-feed', [...path, key], `${quote(text)} is no ${key} of a feed`, { found: quote(text), allowed }),
    )
  }
  if ((url === undefined) === (file === undefined)) {
    const message = url === undefined ? 'a feed without a source' : 'a feed with two sources'
    report(finding('bad-feed', path, message, { at: 'key', allowed: ['url', 'file'] }))
  }
  if (url !== undefined && !/^https?:\/\/[^\s/]+/.test(url)) wrong('url', url, ['https://example.com/list.txt'])
  if (url !== undefined && isOpenToChange(url) && sha256 === undefined && minisign === undefined) {
    const message = 'a list over plain HTTP can be changed on the way'
    report(
      finding('bad-feed', [...path, 'url'], message, {
        found: quote(url),
        allowed: ['https://', 'sha256', 'minisign'],
      }),
    )
  }
  if (refresh !== undefined && !/^[1-9]\d{0,5}(s|min|h|d)$/.test(refresh))
    wrong('refresh', refresh, ['15min', '6h', '1d'])
  if (sha256 !== undefined && !/^[0-9a-f]{64}$/i.test(sha256)) wrong('sha256', sha256, ['64 hexadecimal digits'])
  if (minisign !== undefined && !/^RW[A-Za-z0-9+/]{54}$/.test(minisign))
    wrong('minisign', minisign, ['the second line of a public key of minisign, which begins with RW'])
}

/** Whoever is between this host and the server may write another list; on this host nobody is. */
function isOpenToChange(url: string): boolean {
  return url.startsWith('http://') && !/^http:\/\/(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?(?:\/|$)/.test(url)
}
