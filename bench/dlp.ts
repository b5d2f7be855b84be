/**
 * On which files of a corpus that holds no secret the detectors of content fire: files of npm packages, npm tarballs of the cache, files of
 * Debian packages, and web pages among them; more folders by CORPUS (separated by colons). One line of JSON for each; what fired is
 * named by its file, so that a person can look. `archive` and `executable` say what a file is and are left out.
 */
import { execFileSync } from 'node:child_process'
import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { DEFAULT_SCAN_LIMITS, scanContent } from '../packages/proxy/src/content/scan-content.ts'

const MOST_FILES = Number(process.env['FILES'] ?? 5000)
const MOST_BYTES = 4 * 2 ** 20
const root = join(import.meta.dirname, '..')

function* filesIn(folder: string): Generator<string> {
  let names: readonly string[]
  try {
    names = readdirSync(folder).sort()
  } catch {
    return
  }
  for (const name of names) {
    const path = join(folder, name)
    const facts = lstatSync(path, { throwIfNoEntry: false })
    if (facts?.isDirectory()) yield* filesIn(path)
    else if (facts?.isFile() === true && facts.size > 0 && facts.size <= MOST_BYTES) yield path
  }
}

function debianFiles(): readonly string[] {
  const listed = execFileSync('sh', ['-c', 'cat /var/lib/dpkg/info/*.list'], { maxBuffer: 2 ** 28, encoding: 'utf8' })
  return listed.split('\n').filter((path) => {
    const facts = path === '' ? undefined : lstatSync(path, { throwIfNoEntry: false })
    return facts?.isFile() === true && facts.size > 0 && facts.size <= MOST_BYTES
  })
}

const isPage = (path: string): boolean => /\.x?html?$/.test(path)
const debian = debianFiles()
const corpora: Readonly<Record<string, readonly string[]>> = {
  'files of npm packages': [...filesIn(join(root, 'node_modules'))],
  'npm tarballs': [...filesIn(join(homedir(), '.npm/_cacache/content-v2'))],
  'files of Debian packages': debian.filter((path) => !isPage(path)),
  'web pages': [...debian, ...filesIn(join(root, 'node_modules'))].filter(isPage),
  ...Object.fromEntries(
    (process.env['CORPUS'] ?? '')
      .split(':')
      .flatMap((folder) => (folder === '' ? [] : [[folder, [...filesIn(folder)]]])),
  ),
}

for (const [corpus, all] of Object.entries(corpora)) {
  // Spread over the whole corpus, and the same ones each time.
  const step = Math.max(1, all.length / MOST_FILES)
  const files = Array.from({ length: Math.min(all.length, MOST_FILES) }, (_, at) => all[Math.floor(at * step)]!)
  const fired: Record<string, string[]> = {}
  let [octets, opaque] = [0, 0]
  const startMs = performance.now()
  for (const path of files) {
    const body = readFileSync(path)
    octets += body.length
    const scanned = await scanContent(body, [], DEFAULT_SCAN_LIMITS)
    if (scanned.opaque !== null) opaque++
    for (const { detector, count, confidence } of scanned.findings) {
      if (detector === 'archive' || detector === 'executable') continue
      ;(fired[detector] ??= []).push(`${path} (${count}, ${confidence})`)
    }
  }
  const seconds = (performance.now() - startMs) / 1000
  const filesFired = new Set(
    Object.values(fired)
      .flat()
      .map((each) => each.split(' ')[0]),
  ).size
  console.log(
    JSON.stringify({
      bench: 'dlp',
      corpus,
      files: files.length,
      megabytes: Math.round(octets / 1e6),
      megabytesPerSecond: Number((octets / 1e6 / seconds).toFixed(1)),
      filesFired,
      opaque,
      fired,
    }),
  )
}
