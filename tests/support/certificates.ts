import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Certificate {
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** A certificate authority of its own for one test. */
export interface Authority extends Certificate {
  /** Signs a certificate for a name, such as `temporal.internal` or an address. */
  issue(name: string): Promise<Certificate>;
}

/** Makes certificates with OpenSSL, which every system has that Git runs on. */
export async function createAuthority(directory: string, authorityName: string): Promise<Authority> {
  const fileOf = (name: string, kind: string): string => path.join(directory, `${authorityName}-${name}.${kind}`);
  const certificateFile = fileOf('authority', 'crt');
  const keyFile = fileOf('authority', 'key');
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  await run('openssl', [
    ...['req', '-x509', ...newKey, '-days', '2', '-subj', `/CN=${authorityName}`],
    ...['-keyout', keyFile, '-out', certificateFile],
  ]);
  return {
    certificateFile,
    keyFile,
    issue: async (name) => {
      const issued = { certificateFile: fileOf(name, 'crt'), keyFile: fileOf(name, 'key') };
      const request = fileOf(name, 'csr');
      await run('openssl', ['req', ...newKey, '-subj', `/CN=${name}`, '-keyout', issued.keyFile, '-out', request]);
      const extensions = fileOf(name, 'ext');
      await writeFile(extensions, `subjectAltName=${/^[\d.]+$/.test(name) ? 'IP' : 'DNS'}:${name}\n`);
      await run('openssl', [
        ...['x509', '-req', '-in', request, '-CA', certificateFile, '-CAkey', keyFile, '-CAcreateserial', '-days', '2'],
        ...['-extfile', extensions, '-out', issued.certificateFile],
      ]);
      return issued;
    },
  };
}

export async function readCertificate({
  certificateFile,
  keyFile,
}: Certificate): Promise<{ cert: Buffer; key: Buffer }> {
  return { cert: await readFile(certificateFile), key: await readFile(keyFile) };
}
