import type { GssHandle, GssLibrary, GssOut } from './gss-library.ts'

/** A login under way; the library's part of it is given back with it. */
export class KerberosContext implements Disposable {
  /** As the library is handed it, and changes it. */
  readonly at: GssOut<GssHandle> = [null]
  readonly #gss: GssLibrary

  constructor(gss: GssLibrary) {
    this.#gss = gss
  }

  [Symbol.dispose](): void {
    if (this.at[0] !== null) this.#gss.deleteContext([0], this.at, null)
    this.at[0] = null
  }
}
