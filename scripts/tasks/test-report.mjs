import path from 'node:path';
import { inspect } from 'node:util';
import { ROOT } from '../setup/step.mjs';

/** Counts single tests (not suites and files), prints failures in full, and ends with `N passed, N failed`. */
export class Report {
  #passed = 0;
  #skipped = [];
  #failures = [];
  #startedAt = Date.now();
  #current = null;

  take({ type, data }) {
    if (type === 'test:stderr' || type === 'test:stdout') process.stdout.write(data.message);
    if (type !== 'test:pass' && type !== 'test:fail') return;
    // The runner hands the events of one file over together, whatever ran beside it.
    if (this.#current?.file !== data.file) this.#beginFile(data.file);
    const isFile = data.nesting === 0 && data.name === data.file;
    // A file fails by itself only where its process did, such as by a crash; its tests' failures are counted one by one.
    const isOwnFailure = data.details.error?.failureType !== 'subtestsFailed';
    if (type === 'test:fail' && isOwnFailure) this.#fail(data);
    else if (data.skip !== undefined) this.#skipped.push(`${data.name}: ${data.skip === true ? 'skipped' : data.skip}`);
    // A file stands for itself only where it ran no test, such as when its process ended early with code 0.
    else if (type === 'test:pass' && isFile) this.#fail({ ...data, name: 'ran no test' });
    else if (type === 'test:pass' && data.details.type !== 'suite') this.#passed += 1;
    if (data.nesting === 0) this.#current.ms += data.details.duration_ms;
  }

  #beginFile(file) {
    this.#endFile();
    this.#current = { file, ms: 0, passedBefore: this.#passed, failedBefore: this.#failures.length };
  }

  #endFile() {
    if (this.#current === null) return;
    const { file, ms, passedBefore, failedBefore } = this.#current;
    const mark = this.#failures.length > failedBefore ? '✖' : '✔';
    console.log(
      `${mark} ${path.relative(ROOT, file ?? '')}: ${this.#passed - passedBefore} passed (${Math.round(ms)} ms)`,
    );
  }

  #fail(data) {
    const error = data.details.error;
    const why = error === undefined ? '' : `\n${inspect(error.cause ?? error)}`;
    const text = `✖ ${path.relative(ROOT, data.file ?? '')}: ${data.name}${why}`;
    this.#failures.push(text);
    console.log(text);
  }

  /** Prints the summary and returns the exit code. */
  finish() {
    this.#endFile();
    if (this.#failures.length > 0) console.log(`\nFailed:\n\n${this.#failures.join('\n\n')}`);
    for (const reason of this.#skipped) console.log(`skipped ${reason}`);
    const seconds = Math.round((Date.now() - this.#startedAt) / 1000);
    console.log(`\n${this.#skipped.length} skipped, ${seconds} s`);
    console.log(`${this.#passed} passed, ${this.#failures.length} failed`);
    return this.#failures.length === 0 && this.#passed > 0 ? 0 : 1;
  }
}
