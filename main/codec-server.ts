import type { Logger } from 'pino';
import {
  startCodecServer,
  UnsafeCodecServerError,
  type CodecServer,
  type CodecServerOptions,
} from '../payload-codec/codec-server.ts';
import { EncryptionCodec } from '../payload-codec/encryption-codec.ts';
import { ConfigurationError, type Configuration } from './configuration.ts';
import type { RunningProcess } from './process-life.ts';

/** Starts what decrypts payloads for Temporal's UI and command line. */
export async function startCodec(configuration: Configuration, logger: Logger): Promise<RunningProcess> {
  const keys = configuration.UMPIRE_PAYLOAD_KEYS ?? configuration.UMPIRE_PAYLOAD_KEYS_FILE;
  if (keys === undefined) {
    throw new ConfigurationError(
      'there is nothing to decrypt with; set UMPIRE_PAYLOAD_KEYS or UMPIRE_PAYLOAD_KEYS_FILE to the keys of the workers',
    );
  }
  const { UMPIRE_CODEC_TOKEN: token, UMPIRE_CODEC_ORIGINS: origins } = configuration;
  const server = await open({
    address: configuration.UMPIRE_CODEC_ADDRESS,
    codec: new EncryptionCodec(keys),
    origins,
    ...(token === undefined ? {} : { token }),
  });
  logger.info({ url: server.url, origins, hasToken: token !== undefined }, 'decrypting payloads');
  return { offers: { url: server.url }, stop: () => server.stop() };
}

async function open(options: CodecServerOptions): Promise<CodecServer> {
  try {
    return await startCodecServer(options);
  } catch (error) {
    if (error instanceof UnsafeCodecServerError) throw new ConfigurationError(error.message);
    throw error;
  }
}
