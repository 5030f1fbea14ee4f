import path from 'node:path';
import { inspect } from 'node:util';
import { ROOT } from '../setup/step.mjs';

/** Counts single tests (not suites and files), prints failures in full, and ends with `N passed, N failed`. */
export class Report {
  #passed = 0;
  #skipped = [];
  #failures = [];
  #startedAt = Date.now();

  take({ type, data }) {
    if (type === 'test:stderr' || type === 'test:stdout') process.stdout.write(data.message);
    if (type !== 'test:pass' && type !== 'test:fail') return;
    const isFile = data.nesting === 0 && data.name === data.file;
    if (isFile && type === 'test:pass')
      console.log(`✔ ${path.relative(ROOT, data.file)} (${Math.round(data.details.duration_ms)} ms)`);
    // A file fails by itself only where its process did, such as by a crash; its tests' failures are counted one by one.
    const isOwnFailure = data.details.error?.failureType !== 'subtestsFailed';
    if (type === 'test:fail' && isOwnFailure) this.#fail(data);
    else if (data.skip !== undefined) this.#skipped.push(`${data.name}: ${data.skip === true ? 'skipped' : data.skip}`);
    else if (type === 'test:pass' && !isFile && data.details.type !== 'suite') this.#passed += 1;
  }

  #fail(data) {
    const error = data.details.error;
    const text = `✖ ${path.relative(ROOT, data.file ?? '')}: ${data.name}\n${inspect(error?.cause ?? error)}`;
    this.#failures.push(text);
    console.log(text);
  }

  /** Prints the summary and returns the exit code. */
  finish() {
    if (this.#failures.length > 0) console.log(`\nFailed:\n\n${this.#failures.join('\n\n')}`);
    for (const reason of this.#skipped) console.log(`skipped ${reason}`);
    const seconds = Math.round((Date.now() - this.#startedAt) / 1000);
    console.log(`\n${this.#skipped.length} skipped, ${seconds} s`);
    console.log(`${this.#passed} passed, ${this.#failures.length} failed`);
    return this.#failures.length === 0 && this.#passed > 0 ? 0 : 1;
  }
}
