// What every program has, as far as chains of members need it: names, and what calls give. Written for this analyzer; it is no
// full description, and nothing is checked against it.

interface Object {
  constructor: Function;
  hasOwnProperty(key: any): boolean;
  isPrototypeOf(other: any): boolean;
  propertyIsEnumerable(key: any): boolean;
  toLocaleString(): string;
  toString(): string;
  valueOf(): any;
}
declare var Object: {
  new (value?: any): any;
  (value?: any): any;
  prototype: any;
  assign<A, B>(into: A, from: B, ...more: any[]): A & B;
  create(prototype: any, properties?: any): any;
  defineProperty<T>(object: T, key: any, descriptor: PropertyDescriptor): T;
  defineProperties<T>(object: T, descriptors: any): T;
  entries<T>(object: { [key: string]: T }): [string, T][];
  freeze<T>(object: T): T;
  fromEntries<T>(entries: Iterable<[any, T]>): { [key: string]: T };
  getOwnPropertyDescriptor(object: any, key: any): PropertyDescriptor | undefined;
  getOwnPropertyDescriptors(object: any): { [key: string]: PropertyDescriptor };
  getOwnPropertyNames(object: any): string[];
  getOwnPropertySymbols(object: any): symbol[];
  getPrototypeOf(object: any): any;
  groupBy<K, T>(items: Iterable<T>, by: (item: T, at: number) => K): { [key: string]: T[] };
  hasOwn(object: any, key: any): boolean;
  is(left: any, right: any): boolean;
  isExtensible(object: any): boolean;
  isFrozen(object: any): boolean;
  isSealed(object: any): boolean;
  keys(object: any): string[];
  preventExtensions<T>(object: T): T;
  seal<T>(object: T): T;
  setPrototypeOf(object: any, prototype: any): any;
  values<T>(object: { [key: string]: T }): T[];
};
interface PropertyDescriptor {
  configurable?: boolean;
  enumerable?: boolean;
  value?: any;
  writable?: boolean;
  get?(): any;
  set?(value: any): void;
}

interface Function {
  apply(self: any, parameters?: any): any;
  bind(self: any, ...parameters: any[]): any;
  call(self: any, ...parameters: any[]): any;
  toString(): string;
  prototype: any;
  readonly length: number;
  readonly name: string;
  arguments: any;
  caller: Function;
}
declare var Function: { new (...text: string[]): Function; (...text: string[]): Function; prototype: Function };
interface IArguments {
  [index: number]: any;
  length: number;
  callee: Function;
}

interface String {
  at(place: number): string | undefined;
  charAt(place: number): string;
  charCodeAt(place: number): number;
  codePointAt(place: number): number | undefined;
  concat(...more: string[]): string;
  endsWith(part: string, end?: number): boolean;
  includes(part: string, start?: number): boolean;
  indexOf(part: string, start?: number): number;
  lastIndexOf(part: string, start?: number): number;
  localeCompare(other: string, locales?: any, options?: any): number;
  match(pattern: any): RegExpMatchArray | null;
  matchAll(pattern: any): IterableIterator<RegExpMatchArray>;
  normalize(form?: string): string;
  padEnd(length: number, filling?: string): string;
  padStart(length: number, filling?: string): string;
  repeat(times: number): string;
  replace(pattern: any, by: any): string;
  replaceAll(pattern: any, by: any): string;
  search(pattern: any): number;
  slice(start?: number, end?: number): string;
  split(by: any, most?: number): string[];
  startsWith(part: string, start?: number): boolean;
  substr(start: number, length?: number): string;
  substring(start: number, end?: number): string;
  toLocaleLowerCase(locales?: any): string;
  toLocaleUpperCase(locales?: any): string;
  toLowerCase(): string;
  toString(): string;
  toUpperCase(): string;
  trim(): string;
  trimEnd(): string;
  trimStart(): string;
  valueOf(): string;
  readonly length: number;
  [Symbol.iterator](): IterableIterator<string>;
}
declare var String: {
  new (value?: any): String;
  (value?: any): string;
  prototype: String;
  fromCharCode(...codes: number[]): string;
  fromCodePoint(...codes: number[]): string;
  raw(template: any, ...values: any[]): string;
};
interface Number {
  toExponential(digits?: number): string;
  toFixed(digits?: number): string;
  toLocaleString(locales?: any, options?: any): string;
  toPrecision(digits?: number): string;
  toString(radix?: number): string;
  valueOf(): number;
}
declare var Number: {
  new (value?: any): Number;
  (value?: any): number;
  prototype: Number;
  readonly EPSILON: number;
  readonly MAX_SAFE_INTEGER: number;
  readonly MAX_VALUE: number;
  readonly MIN_SAFE_INTEGER: number;
  readonly MIN_VALUE: number;
  readonly NaN: number;
  readonly NEGATIVE_INFINITY: number;
  readonly POSITIVE_INFINITY: number;
  isFinite(value: any): boolean;
  isInteger(value: any): boolean;
  isNaN(value: any): boolean;
  isSafeInteger(value: any): boolean;
  parseFloat(text: string): number;
  parseInt(text: string, radix?: number): number;
};
interface Boolean {
  valueOf(): boolean;
}
declare var Boolean: { new (value?: any): Boolean; <T>(value?: T): boolean; prototype: Boolean };
interface BigInt {
  toLocaleString(locales?: any, options?: any): string;
  toString(radix?: number): string;
  valueOf(): bigint;
}
declare var BigInt: { (value: any): bigint; prototype: BigInt; asIntN(bits: number, value: bigint): bigint; asUintN(bits: number, value: bigint): bigint };
interface Symbol {
  readonly description: string | undefined;
  toString(): string;
  valueOf(): symbol;
}
declare var Symbol: {
  (description?: any): symbol;
  prototype: Symbol;
  for(key: string): symbol;
  keyFor(symbol: symbol): string | undefined;
  readonly asyncIterator: symbol;
  readonly hasInstance: symbol;
  readonly isConcatSpreadable: symbol;
  readonly iterator: symbol;
  readonly match: symbol;
  readonly matchAll: symbol;
  readonly replace: symbol;
  readonly search: symbol;
  readonly species: symbol;
  readonly split: symbol;
  readonly toPrimitive: symbol;
  readonly toStringTag: symbol;
  readonly unscopables: symbol;
};

interface IteratorYieldResult<T> {
  done?: false;
  value: T;
}
interface IteratorReturnResult<T> {
  done: true;
  value: T;
}
interface IteratorResult<T, R = any> {
  done?: boolean;
  value: T;
}
interface Iterator<T, R = any, N = any> {
  next(value?: N): IteratorResult<T, R>;
  return?(value?: R): IteratorResult<T, R>;
  throw?(error?: any): IteratorResult<T, R>;
}
interface Iterable<T> {
  [Symbol.iterator](): Iterator<T>;
}
interface IterableIterator<T> extends Iterator<T> {
  [Symbol.iterator](): IterableIterator<T>;
}
interface Generator<T = unknown, R = any, N = any> extends Iterator<T, R, N> {
  [Symbol.iterator](): Generator<T, R, N>;
}
interface AsyncIterator<T, R = any, N = any> {
  next(value?: N): Promise<IteratorResult<T, R>>;
  return?(value?: R): Promise<IteratorResult<T, R>>;
  throw?(error?: any): Promise<IteratorResult<T, R>>;
}
interface AsyncIterable<T> {
  [Symbol.asyncIterator](): AsyncIterator<T>;
}
interface AsyncIterableIterator<T> extends AsyncIterator<T> {
  [Symbol.asyncIterator](): AsyncIterableIterator<T>;
}
interface AsyncGenerator<T = unknown, R = any, N = any> extends AsyncIterator<T, R, N> {
  [Symbol.asyncIterator](): AsyncGenerator<T, R, N>;
}

interface ArrayLike<T> {
  readonly length: number;
  readonly [place: number]: T;
}
interface ReadonlyArray<T> {
  readonly length: number;
  [place: number]: T;
  at(place: number): T | undefined;
  concat(...more: any[]): T[];
  entries(): IterableIterator<[number, T]>;
  every(test: (item: T, place: number, all: T[]) => any, self?: any): boolean;
  filter<S extends T>(test: (item: T, place: number, all: T[]) => item is S, self?: any): S[];
  filter(test: (item: T, place: number, all: T[]) => any, self?: any): T[];
  find<S extends T>(test: (item: T, place: number, all: T[]) => item is S, self?: any): S | undefined;
  find(test: (item: T, place: number, all: T[]) => any, self?: any): T | undefined;
  findIndex(test: (item: T, place: number, all: T[]) => any, self?: any): number;
  findLast(test: (item: T, place: number, all: T[]) => any, self?: any): T | undefined;
  findLastIndex(test: (item: T, place: number, all: T[]) => any, self?: any): number;
  flat(depth?: number): any[];
  flatMap<U>(change: (item: T, place: number, all: T[]) => U | readonly U[], self?: any): U[];
  forEach(each: (item: T, place: number, all: T[]) => void, self?: any): void;
  includes(item: T, start?: number): boolean;
  indexOf(item: T, start?: number): number;
  join(between?: string): string;
  keys(): IterableIterator<number>;
  lastIndexOf(item: T, start?: number): number;
  map<U>(change: (item: T, place: number, all: T[]) => U, self?: any): U[];
  reduce(step: (so_far: T, item: T, place: number, all: T[]) => T): T;
  reduce<U>(step: (so_far: U, item: T, place: number, all: T[]) => U, first: U): U;
  reduceRight(step: (so_far: T, item: T, place: number, all: T[]) => T): T;
  reduceRight<U>(step: (so_far: U, item: T, place: number, all: T[]) => U, first: U): U;
  slice(start?: number, end?: number): T[];
  some(test: (item: T, place: number, all: T[]) => any, self?: any): boolean;
  toReversed(): T[];
  toSorted(order?: (left: T, right: T) => number): T[];
  toSpliced(start: number, remove?: number, ...add: T[]): T[];
  toString(): string;
  values(): IterableIterator<T>;
  with(place: number, item: T): T[];
  [Symbol.iterator](): IterableIterator<T>;
}
interface Array<T> extends ReadonlyArray<T> {
  length: number;
  copyWithin(to: number, start: number, end?: number): this;
  fill(item: T, start?: number, end?: number): this;
  pop(): T | undefined;
  push(...items: T[]): number;
  reverse(): T[];
  shift(): T | undefined;
  sort(order?: (left: T, right: T) => number): this;
  splice(start: number, remove?: number, ...add: T[]): T[];
  unshift(...items: T[]): number;
}
declare var Array: {
  new <T>(...items: T[]): T[];
  <T>(...items: T[]): T[];
  prototype: any[];
  from<T>(items: Iterable<T> | ArrayLike<T>): T[];
  from<T, U>(items: Iterable<T> | ArrayLike<T>, change: (item: T, place: number) => U, self?: any): U[];
  fromAsync<T>(items: any): Promise<T[]>;
  isArray(value: any): value is any[];
  of<T>(...items: T[]): T[];
};
interface TemplateStringsArray extends ReadonlyArray<string> {
  readonly raw: readonly string[];
}
interface ConcatArray<T> extends ReadonlyArray<T> {}

interface Map<K, V> {
  clear(): void;
  delete(key: K): boolean;
  entries(): IterableIterator<[K, V]>;
  forEach(each: (value: V, key: K, map: Map<K, V>) => void, self?: any): void;
  get(key: K): V | undefined;
  has(key: K): boolean;
  keys(): IterableIterator<K>;
  set(key: K, value: V): this;
  values(): IterableIterator<V>;
  readonly size: number;
  [Symbol.iterator](): IterableIterator<[K, V]>;
}
interface ReadonlyMap<K, V> {
  entries(): IterableIterator<[K, V]>;
  forEach(each: (value: V, key: K, map: ReadonlyMap<K, V>) => void, self?: any): void;
  get(key: K): V | undefined;
  has(key: K): boolean;
  keys(): IterableIterator<K>;
  values(): IterableIterator<V>;
  readonly size: number;
  [Symbol.iterator](): IterableIterator<[K, V]>;
}
declare var Map: { new <K = any, V = any>(entries?: Iterable<readonly [K, V]> | null): Map<K, V>; prototype: Map<any, any>; groupBy<K, T>(items: Iterable<T>, by: (item: T, at: number) => K): Map<K, T[]> };
interface WeakMap<K, V> {
  delete(key: K): boolean;
  get(key: K): V | undefined;
  has(key: K): boolean;
  set(key: K, value: V): this;
}
declare var WeakMap: { new <K = any, V = any>(entries?: Iterable<readonly [K, V]> | null): WeakMap<K, V>; prototype: WeakMap<any, any> };
interface Set<T> {
  add(item: T): this;
  clear(): void;
  delete(item: T): boolean;
  difference<U>(other: Set<U>): Set<T>;
  entries(): IterableIterator<[T, T]>;
  forEach(each: (item: T, same: T, set: Set<T>) => void, self?: any): void;
  has(item: T): boolean;
  intersection<U>(other: Set<U>): Set<T & U>;
  isDisjointFrom(other: Set<any>): boolean;
  isSubsetOf(other: Set<any>): boolean;
  isSupersetOf(other: Set<any>): boolean;
  keys(): IterableIterator<T>;
  symmetricDifference<U>(other: Set<U>): Set<T | U>;
  union<U>(other: Set<U>): Set<T | U>;
  values(): IterableIterator<T>;
  readonly size: number;
  [Symbol.iterator](): IterableIterator<T>;
}
interface ReadonlySet<T> {
  entries(): IterableIterator<[T, T]>;
  forEach(each: (item: T, same: T, set: ReadonlySet<T>) => void, self?: any): void;
  has(item: T): boolean;
  keys(): IterableIterator<T>;
  values(): IterableIterator<T>;
  readonly size: number;
  [Symbol.iterator](): IterableIterator<T>;
}
declare var Set: { new <T = any>(items?: Iterable<T> | null): Set<T>; prototype: Set<any> };
interface WeakSet<T> {
  add(item: T): this;
  delete(item: T): boolean;
  has(item: T): boolean;
}
declare var WeakSet: { new <T = any>(items?: Iterable<T> | null): WeakSet<T>; prototype: WeakSet<any> };
interface WeakRef<T> {
  deref(): T | undefined;
}
declare var WeakRef: { new <T>(target: T): WeakRef<T>; prototype: WeakRef<any> };

interface PromiseLike<T> {
  then<A = T, B = never>(good?: ((value: T) => A | PromiseLike<A>) | null, bad?: ((reason: any) => B | PromiseLike<B>) | null): PromiseLike<A | B>;
}
interface Promise<T> {
  catch<B = never>(bad?: ((reason: any) => B | PromiseLike<B>) | null): Promise<T | B>;
  finally(last?: (() => void) | null): Promise<T>;
  then<A = T, B = never>(good?: ((value: T) => A | PromiseLike<A>) | null, bad?: ((reason: any) => B | PromiseLike<B>) | null): Promise<A | B>;
}
declare var Promise: {
  new <T>(run: (resolve: (value: T | PromiseLike<T>) => void, reject: (reason?: any) => void) => void): Promise<T>;
  prototype: Promise<any>;
  all<T>(promises: Iterable<T | PromiseLike<T>>): Promise<Awaited<T>[]>;
  allSettled<T>(promises: Iterable<T | PromiseLike<T>>): Promise<PromiseSettledResult<Awaited<T>>[]>;
  any<T>(promises: Iterable<T | PromiseLike<T>>): Promise<Awaited<T>>;
  race<T>(promises: Iterable<T | PromiseLike<T>>): Promise<Awaited<T>>;
  reject<T = never>(reason?: any): Promise<T>;
  resolve<T = void>(value?: T | PromiseLike<T>): Promise<Awaited<T>>;
  withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (reason?: any) => void };
};
interface PromiseConstructor {
  new <T>(run: (resolve: (value: T | PromiseLike<T>) => void, reject: (reason?: any) => void) => void): Promise<T>;
  all<T>(promises: Iterable<T | PromiseLike<T>>): Promise<T[]>;
  reject<T = never>(reason?: any): Promise<T>;
  resolve<T = void>(value?: T): Promise<T>;
}
type PromiseConstructorLike = new <T>(run: (resolve: (value: T | PromiseLike<T>) => void, reject: (reason?: any) => void) => void) => PromiseLike<T>;
interface PromiseSettledResult<T> {
  status: "fulfilled" | "rejected";
  value: T;
  reason: any;
}
type Awaited<T> = T extends PromiseLike<infer U> ? Awaited<U> : T extends Promise<infer U> ? Awaited<U> : T;

interface Error {
  name: string;
  message: string;
  stack?: string;
  cause?: unknown;
}
interface ErrorConstructor {
  new (message?: string, options?: any): Error;
  (message?: string, options?: any): Error;
  prototype: Error;
  captureStackTrace(object: any, above?: Function): void;
  stackTraceLimit: number;
}
declare var Error: ErrorConstructor;
interface AggregateError extends Error { errors: any[] }
declare var AggregateError: { new (errors: Iterable<any>, message?: string): AggregateError };
interface EvalError extends Error {}
declare var EvalError: { new (message?: string): EvalError; (message?: string): EvalError };
interface RangeError extends Error {}
declare var RangeError: { new (message?: string): RangeError; (message?: string): RangeError };
interface ReferenceError extends Error {}
declare var ReferenceError: { new (message?: string): ReferenceError; (message?: string): ReferenceError };
interface SyntaxError extends Error {}
declare var SyntaxError: { new (message?: string): SyntaxError; (message?: string): SyntaxError };
interface TypeError extends Error {}
declare var TypeError: { new (message?: string): TypeError; (message?: string): TypeError };
interface URIError extends Error {}
declare var URIError: { new (message?: string): URIError; (message?: string): URIError };

interface RegExp {
  exec(text: string): RegExpExecArray | null;
  test(text: string): boolean;
  toString(): string;
  readonly dotAll: boolean;
  readonly flags: string;
  readonly global: boolean;
  readonly ignoreCase: boolean;
  lastIndex: number;
  readonly multiline: boolean;
  readonly source: string;
  readonly sticky: boolean;
  readonly unicode: boolean;
}
declare var RegExp: { new (pattern: any, flags?: string): RegExp; (pattern: any, flags?: string): RegExp; prototype: RegExp };
interface RegExpMatchArray extends Array<string> {
  index?: number;
  input?: string;
  groups?: { [name: string]: string };
}
interface RegExpExecArray extends Array<string> {
  index: number;
  input: string;
  groups?: { [name: string]: string };
}

interface Date {
  getDate(): number;
  getDay(): number;
  getFullYear(): number;
  getHours(): number;
  getMilliseconds(): number;
  getMinutes(): number;
  getMonth(): number;
  getSeconds(): number;
  getTime(): number;
  getTimezoneOffset(): number;
  getUTCDate(): number;
  getUTCDay(): number;
  getUTCFullYear(): number;
  getUTCHours(): number;
  getUTCMinutes(): number;
  getUTCMonth(): number;
  getUTCSeconds(): number;
  setDate(day: number): number;
  setFullYear(year: number, month?: number, day?: number): number;
  setHours(hours: number, minutes?: number, seconds?: number, rest?: number): number;
  setMilliseconds(rest: number): number;
  setMinutes(minutes: number, seconds?: number, rest?: number): number;
  setMonth(month: number, day?: number): number;
  setSeconds(seconds: number, rest?: number): number;
  setTime(time: number): number;
  toDateString(): string;
  toISOString(): string;
  toJSON(key?: any): string;
  toLocaleDateString(locales?: any, options?: any): string;
  toLocaleString(locales?: any, options?: any): string;
  toLocaleTimeString(locales?: any, options?: any): string;
  toTimeString(): string;
  toUTCString(): string;
  valueOf(): number;
}
declare var Date: {
  new (...parts: any[]): Date;
  (): string;
  prototype: Date;
  UTC(year: number, month?: number, ...rest: number[]): number;
  now(): number;
  parse(text: string): number;
};

interface Math {
  readonly E: number;
  readonly LN10: number;
  readonly LN2: number;
  readonly LOG10E: number;
  readonly LOG2E: number;
  readonly PI: number;
  readonly SQRT1_2: number;
  readonly SQRT2: number;
  abs(x: number): number;
  acos(x: number): number;
  asin(x: number): number;
  atan(x: number): number;
  atan2(y: number, x: number): number;
  cbrt(x: number): number;
  ceil(x: number): number;
  cos(x: number): number;
  exp(x: number): number;
  floor(x: number): number;
  hypot(...x: number[]): number;
  imul(x: number, y: number): number;
  log(x: number): number;
  log10(x: number): number;
  log2(x: number): number;
  max(...x: number[]): number;
  min(...x: number[]): number;
  pow(x: number, y: number): number;
  random(): number;
  round(x: number): number;
  sign(x: number): number;
  sin(x: number): number;
  sqrt(x: number): number;
  tan(x: number): number;
  trunc(x: number): number;
}
declare var Math: Math;
interface JSON {
  parse(text: string, change?: (key: string, value: any) => any): any;
  stringify(value: any, change?: any, indent?: any): string;
}
declare var JSON: JSON;
declare var Reflect: {
  apply(target: Function, self: any, parameters: any): any;
  construct(target: Function, parameters: any, as?: Function): any;
  defineProperty(target: any, key: any, descriptor: PropertyDescriptor): boolean;
  deleteProperty(target: any, key: any): boolean;
  get(target: any, key: any, receiver?: any): any;
  getOwnPropertyDescriptor(target: any, key: any): PropertyDescriptor | undefined;
  getPrototypeOf(target: any): any;
  has(target: any, key: any): boolean;
  isExtensible(target: any): boolean;
  ownKeys(target: any): (string | symbol)[];
  preventExtensions(target: any): boolean;
  set(target: any, key: any, value: any, receiver?: any): boolean;
  setPrototypeOf(target: any, prototype: any): boolean;
};
interface ProxyHandler<T> {
  apply?(target: T, self: any, parameters: any[]): any;
  construct?(target: T, parameters: any[], as: Function): any;
  defineProperty?(target: T, key: string | symbol, descriptor: PropertyDescriptor): boolean;
  deleteProperty?(target: T, key: string | symbol): boolean;
  get?(target: T, key: string | symbol, receiver: any): any;
  getOwnPropertyDescriptor?(target: T, key: string | symbol): PropertyDescriptor | undefined;
  getPrototypeOf?(target: T): any;
  has?(target: T, key: string | symbol): boolean;
  ownKeys?(target: T): any;
  set?(target: T, key: string | symbol, value: any, receiver: any): boolean;
  setPrototypeOf?(target: T, prototype: any): boolean;
}
declare var Proxy: { new <T>(target: T, handler: ProxyHandler<T>): T; revocable<T>(target: T, handler: ProxyHandler<T>): { proxy: T; revoke: () => void } };

interface ArrayBuffer {
  readonly byteLength: number;
  slice(start?: number, end?: number): ArrayBuffer;
}
declare var ArrayBuffer: { new (length: number): ArrayBuffer; isView(value: any): boolean };
interface DataView {
  readonly buffer: ArrayBuffer;
  readonly byteLength: number;
  readonly byteOffset: number;
  getUint8(at: number): number;
  getUint16(at: number, little?: boolean): number;
  getUint32(at: number, little?: boolean): number;
  setUint8(at: number, value: number): void;
  setUint16(at: number, value: number, little?: boolean): void;
  setUint32(at: number, value: number, little?: boolean): void;
}
declare var DataView: { new (buffer: ArrayBuffer, start?: number, length?: number): DataView };
interface TypedArray extends ReadonlyArray<number> {
  readonly buffer: ArrayBuffer;
  readonly byteLength: number;
  readonly byteOffset: number;
  fill(value: number, start?: number, end?: number): this;
  set(values: any, at?: number): void;
  sort(order?: (left: number, right: number) => number): this;
  subarray(start?: number, end?: number): this;
}
interface Uint8Array extends TypedArray {}
declare var Uint8Array: { new (...from: any[]): Uint8Array; from(items: any): Uint8Array; of(...items: number[]): Uint8Array };
interface Uint16Array extends TypedArray {}
declare var Uint16Array: { new (...from: any[]): Uint16Array };
interface Uint32Array extends TypedArray {}
declare var Uint32Array: { new (...from: any[]): Uint32Array };
interface Int8Array extends TypedArray {}
declare var Int8Array: { new (...from: any[]): Int8Array };
interface Int16Array extends TypedArray {}
declare var Int16Array: { new (...from: any[]): Int16Array };
interface Int32Array extends TypedArray {}
declare var Int32Array: { new (...from: any[]): Int32Array };
interface Float32Array extends TypedArray {}
declare var Float32Array: { new (...from: any[]): Float32Array };
interface Float64Array extends TypedArray {}
declare var Float64Array: { new (...from: any[]): Float64Array };

type Partial<T> = { [K in keyof T]?: T[K] };
type Required<T> = { [K in keyof T]-?: T[K] };
type Readonly<T> = { readonly [K in keyof T]: T[K] };
type Pick<T, K> = T;
type Omit<T, K> = T;
type Record<K, T> = { [key: string]: T };
type Exclude<T, U> = T extends U ? never : T;
type Extract<T, U> = T extends U ? T : never;
type NonNullable<T> = T extends null | undefined ? never : T;
type Parameters<T> = T extends (...all: infer P) => any ? P : never;
type ConstructorParameters<T> = T extends new (...all: infer P) => any ? P : never;
type ReturnType<T> = T extends (...all: any) => infer R ? R : any;
type InstanceType<T> = T extends new (...all: any) => infer R ? R : any;
type ThisParameterType<T> = any;
type OmitThisParameter<T> = T;
type ThisType<T> = T;
type NoInfer<T> = T;
type Uppercase<T> = T;
type Lowercase<T> = T;
type Capitalize<T> = T;
type Uncapitalize<T> = T;
type PropertyKey = string | number | symbol;

interface Console {
  assert(test?: boolean, ...data: any[]): void;
  clear(): void;
  count(label?: string): void;
  debug(...data: any[]): void;
  dir(item?: any, options?: any): void;
  error(...data: any[]): void;
  group(...data: any[]): void;
  groupEnd(): void;
  info(...data: any[]): void;
  log(...data: any[]): void;
  table(data?: any, columns?: string[]): void;
  time(label?: string): void;
  timeEnd(label?: string): void;
  trace(...data: any[]): void;
  warn(...data: any[]): void;
}
declare var console: Console;
declare var globalThis: any;
declare var window: any;
declare var document: any;
declare var self: any;
declare var process: any;
declare var global: any;
declare var Buffer: any;
declare var navigator: any;
declare var location: any;
declare var history: any;
declare var localStorage: any;
declare var sessionStorage: any;
declare var Intl: any;
declare var Atomics: any;
declare var SharedArrayBuffer: any;
declare var WebAssembly: any;
declare var NaN: number;
declare var Infinity: number;
declare var undefined: undefined;
declare function isFinite(value: any): boolean;
declare function isNaN(value: any): boolean;
declare function parseFloat(text: string): number;
declare function parseInt(text: string, radix?: number): number;
declare function decodeURI(text: string): string;
declare function decodeURIComponent(text: string): string;
declare function encodeURI(text: string): string;
declare function encodeURIComponent(text: any): string;
declare function escape(text: string): string;
declare function unescape(text: string): string;
declare function eval(text: string): any;
declare function setTimeout(run: (...values: any[]) => void, milliseconds?: number, ...values: any[]): any;
declare function clearTimeout(timer: any): void;
declare function setInterval(run: (...values: any[]) => void, milliseconds?: number, ...values: any[]): any;
declare function clearInterval(timer: any): void;
declare function setImmediate(run: (...values: any[]) => void, ...values: any[]): any;
declare function clearImmediate(timer: any): void;
declare function queueMicrotask(run: () => void): void;
declare function structuredClone<T>(value: T, options?: any): T;
declare function requestAnimationFrame(run: (time: number) => void): number;
declare function cancelAnimationFrame(handle: number): void;
declare function require(name: string): any;
declare function alert(text?: any): void;
declare function atob(text: string): string;
declare function btoa(text: string): string;
declare var module: any;
declare var exports: any;
declare var __dirname: string;
declare var __filename: string;
interface ImportMeta {
  url: string;
  env: any;
  dirname: string;
  filename: string;
  resolve(name: string): string;
}

interface AbortSignal extends EventTarget {
  readonly aborted: boolean;
  readonly reason: any;
  throwIfAborted(): void;
}
declare var AbortSignal: { new (): AbortSignal; abort(reason?: any): AbortSignal; timeout(milliseconds: number): AbortSignal; any(signals: AbortSignal[]): AbortSignal };
interface AbortController {
  readonly signal: AbortSignal;
  abort(reason?: any): void;
}
declare var AbortController: { new (): AbortController };
interface EventTarget {
  addEventListener(type: string, listener: any, options?: any): void;
  dispatchEvent(event: Event): boolean;
  removeEventListener(type: string, listener: any, options?: any): void;
}
declare var EventTarget: { new (): EventTarget };
interface Event {
  readonly currentTarget: EventTarget | null;
  readonly target: EventTarget | null;
  readonly type: string;
  readonly defaultPrevented: boolean;
  preventDefault(): void;
  stopImmediatePropagation(): void;
  stopPropagation(): void;
}
declare var Event: { new (type: string, options?: any): Event };
interface Headers {
  append(name: string, value: string): void;
  delete(name: string): void;
  entries(): IterableIterator<[string, string]>;
  forEach(each: (value: string, name: string, all: Headers) => void): void;
  get(name: string): string | null;
  has(name: string): boolean;
  keys(): IterableIterator<string>;
  set(name: string, value: string): void;
  values(): IterableIterator<string>;
}
declare var Headers: { new (from?: any): Headers };
interface Body {
  readonly body: any;
  readonly bodyUsed: boolean;
  arrayBuffer(): Promise<ArrayBuffer>;
  blob(): Promise<any>;
  formData(): Promise<any>;
  json(): Promise<any>;
  text(): Promise<string>;
}
interface Request extends Body {
  readonly headers: Headers;
  readonly method: string;
  readonly signal: AbortSignal;
  readonly url: string;
  clone(): Request;
}
declare var Request: { new (from: any, options?: any): Request };
interface RequestInit {
  body?: any;
  cache?: any;
  credentials?: any;
  headers?: any;
  method?: string;
  mode?: any;
  redirect?: any;
  signal?: AbortSignal | null;
}
interface Response extends Body {
  readonly headers: Headers;
  readonly ok: boolean;
  readonly redirected: boolean;
  readonly status: number;
  readonly statusText: string;
  readonly type: string;
  readonly url: string;
  clone(): Response;
}
declare var Response: { new (body?: any, options?: any): Response; json(data: any, options?: any): Response };
declare function fetch(from: any, options?: RequestInit): Promise<Response>;
interface URLSearchParams {
  append(name: string, value: string): void;
  delete(name: string): void;
  get(name: string): string | null;
  getAll(name: string): string[];
  has(name: string): boolean;
  set(name: string, value: string): void;
  sort(): void;
  toString(): string;
  forEach(each: (value: string, name: string) => void): void;
  entries(): IterableIterator<[string, string]>;
  keys(): IterableIterator<string>;
  values(): IterableIterator<string>;
}
declare var URLSearchParams: { new (from?: any): URLSearchParams };
interface URL {
  hash: string;
  host: string;
  hostname: string;
  href: string;
  readonly origin: string;
  password: string;
  pathname: string;
  port: string;
  protocol: string;
  search: string;
  readonly searchParams: URLSearchParams;
  username: string;
  toString(): string;
  toJSON(): string;
}
declare var URL: { new (text: string, base?: any): URL; createObjectURL(object: any): string; revokeObjectURL(text: string): void; canParse(text: string, base?: any): boolean };
interface TextEncoder { encode(text?: string): Uint8Array }
declare var TextEncoder: { new (): TextEncoder };
interface TextDecoder { decode(bytes?: any): string }
declare var TextDecoder: { new (encoding?: string): TextDecoder };
