import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { SallyportError } from '@sallyport/policy'

/** Of ClickHouse, whose first start may have been killed; and of a file system of its own. */
const EXPECTED = /^(data|metadata|metadata_dropped|store|tmp|status|incoming-.*|lost\+found)$/

/** A directory that is named by mistake stays as it is: ClickHouse would spread its own files among the others. */
export function requireStoreDirectory(path: string): void {
  if (!existsSync(path) || existsSync(join(path, 'metadata'))) return
  const other = readdirSync(path).find((name) => !EXPECTED.test(name))
  if (other === undefined) return
  throw new SallyportError('store-unavailable', `${path} is no flow store: it has other files, as ${other}`, {
    remedy: 'Name the directory of a flow store, or one that is empty.',
  })
}
