import { encoderConformance } from '../../conformance/encoder.ts';

encoderConformance({ name: 'engine', open: (engine, options) => engine.encoder(options), lacks: new Set() });
