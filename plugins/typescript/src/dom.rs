//! Names that browsers and Node give to every program, beyond those that `builtins.d.ts` describes. A name among them is
//! never reported as missing.

const NAMES: &str = "AnimationEvent Attr Audio AudioContext Blob BroadcastChannel ByteLengthQueuingStrategy CDATASection CSS \
CSSRule CSSStyleDeclaration CSSStyleSheet Cache CacheStorage CanvasRenderingContext2D CharacterData Clipboard \
ClipboardEvent CloseEvent Comment CompositionEvent CompressionStream CountQueuingStrategy Credential Crypto CryptoKey \
CustomElementRegistry CustomEvent DOMException DOMParser DOMPoint DOMRect DOMStringMap DOMTokenList DataTransfer Document \
DocumentFragment DragEvent Element ErrorEvent EventSource External File FileList FileReader FocusEvent FontFace FormData \
Gamepad Geolocation HTMLAnchorElement HTMLAudioElement HTMLBodyElement HTMLButtonElement HTMLCanvasElement HTMLCollection \
HTMLDivElement HTMLElement HTMLFormElement HTMLIFrameElement HTMLImageElement HTMLInputElement HTMLLIElement \
HTMLLabelElement HTMLLinkElement HTMLMediaElement HTMLOptionElement HTMLParagraphElement HTMLScriptElement \
HTMLSelectElement HTMLSpanElement HTMLStyleElement HTMLTableElement HTMLTemplateElement HTMLTextAreaElement \
HTMLUListElement HTMLVideoElement HashChangeEvent History IDBDatabase IDBRequest Image ImageBitmap ImageData InputEvent \
IntersectionObserver KeyboardEvent Location MediaQueryList MediaStream MessageChannel MessageEvent MessagePort MouseEvent \
MutationObserver MutationRecord NamedNodeMap Navigator Node NodeFilter NodeIterator NodeJS NodeList Notification Option \
Path2D PerformanceObserver Plugin PointerEvent PopStateEvent ProgressEvent PromiseRejectionEvent QueuingStrategy Range \
ReadableStream ReadableStreamDefaultReader ReportingObserver ResizeObserver SVGElement Screen Selection ServiceWorker \
ShadowRoot SharedWorker Storage StorageEvent StyleSheet SubmitEvent SubtleCrypto Text TextMetrics TouchEvent TouchList \
TransformStream TransitionEvent TreeWalker UIEvent WebGLRenderingContext WebSocket WheelEvent Window Worker WritableStream \
XMLDocument XMLHttpRequest XMLHttpRequestEventTarget XMLSerializer XPathResult addEventListener afterAll afterEach \
beforeAll beforeEach caches close closed confirm crypto customElements describe dispatchEvent event expect find focus \
frames getComputedStyle getSelection innerHeight innerWidth it jest length matchMedia moveBy name open opener origin \
outerHeight outerWidth parent performance postMessage print prompt removeEventListener reportError screen screenX screenY \
scroll scrollBy scrollTo status stop test top visualViewport vi FinalizationRegistry Iterator SuppressedError \
DisposableStack AsyncDisposableStack Float16Array Uint8ClampedArray BigInt64Array BigUint64Array Thenable ThisParameterType";

/// Whether a name is one of theirs.
pub(crate) fn is_known(name: &str) -> bool {
    NAMES.split(' ').any(|known| known == name)
}
