/* swift-argument-parser names seven symbols of FoundationEssentials, for which a static program would have 4 MB of that
   library: each of its files is one section, and most need most others. With definitions here, which the linker meets
   first, it takes nothing. Nobody calls them: the function that does is replaced (Program/ArgumentParserJSON.swift). In a
   dynamic program the library brings its own. */
#ifdef STATIC_PROGRAM
_Noreturn void nofoundation_encoder(void) __asm__("$s20FoundationEssentials11JSONEncoderCACycfc");
_Noreturn void nofoundation_encoder_type(void) __asm__("$s20FoundationEssentials11JSONEncoderCMa");
_Noreturn void nofoundation_sorted(void) __asm__(
    "$s20FoundationEssentials11JSONEncoderC16OutputFormattingV10sortedKeysAEvau");
_Noreturn void nofoundation_pretty(void) __asm__(
    "$s20FoundationEssentials11JSONEncoderC16OutputFormattingV13prettyPrintedAEvau");
_Noreturn void nofoundation_text(void) __asm__(
    "$sSS20FoundationEssentialsE4data8encodingSSSgAA4DataVh_SSAAE8EncodingVtcfC");
_Noreturn void nofoundation_encoding(void) __asm__("$sSS20FoundationEssentialsE8EncodingV4utf8ACvau");

void nofoundation_encoder(void) { __builtin_trap(); }
void nofoundation_encoder_type(void) { __builtin_trap(); }
void nofoundation_sorted(void) { __builtin_trap(); }
void nofoundation_pretty(void) { __builtin_trap(); }
void nofoundation_text(void) { __builtin_trap(); }
void nofoundation_encoding(void) { __builtin_trap(); }

/* The protocol LocalizedError, which errors are asked for: Package.swift puts that of Program in its place. */
extern const char nofoundation_localized_error[64] __asm__("$s20FoundationEssentials14LocalizedErrorMp");
const char nofoundation_localized_error[64] __attribute__((weak)) = {0};
#else
/* A translation unit has a declaration at least. */
extern const int cnofoundation_is_dynamic;
const int cnofoundation_is_dynamic = 1;
#endif
