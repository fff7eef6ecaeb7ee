// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What the files about HEIF share: libheif's functions, found when first needed (heif_lib.c), what we read
// from the boxes ourselves (heif_box.c, heif_head.c), reading (heif.c, heif_pixels.c), its HEVC on several threads (heif_hevc.c), colours (heif_rgb.c) and writing
// (heif_write.c).
#ifndef KAL_IO_HEIF_H
#define KAL_IO_HEIF_H

#include "codec.h"
#include "heif_boxes.h"
#include "library.h"
#include "mem.h"

#if !defined(KAL_NO_HEIF) && defined(__has_include)
#if __has_include(<libheif/heif.h>)
#include <libheif/heif.h>
#if defined(LIBHEIF_HAVE_VERSION)
#if LIBHEIF_HAVE_VERSION(1, 15, 0)
#define KAL__HEIF 1   // its header was there when we were built
#endif
#endif
#if !defined(KAL_NO_DE265) && __has_include(<libde265/de265.h>)
#define KAL__DE265 1   // so was libde265's
#endif
#endif
#endif

// ---- boxes --------------------------------------------------------------------------------------

/// Whether there are boxes within boxes, those that are read, more than `most` deep.
bool kal__heif_deeper(const unsigned char *p, size_t n, uint32_t most);
/// The first byte past the file's end is inside a box: its name in `type`. What is not made of boxes is
/// libheif's to refuse.
bool kal__heif_cut(const unsigned char *p, size_t n, char type[5]);
/// The chroma format the primary picture is coded in: 0 gray, 1 4:2:0, 2 4:2:2, 3 4:4:4; -1: not said (a
/// grid). libheif 1.15 does not tell before it has decoded. *hevc: whether that is HEVC.
int kal__heif_chroma(const unsigned char *p, size_t n, bool *hevc);
/// How many coded pictures the primary one is put together from; a grid may have one alone (libheif crops so).
int kal__heif_tiles(const unsigned char *p, size_t n);
/// Does the file say that there is a gain map in it?
bool kal__heif_gain(const unsigned char *p, size_t n);
/// Is the primary picture of a kind beyond the ordinary ("unci", or "mini" for the short header)? Then a
/// refusal is not damage.
bool kal__heif_strange(const unsigned char *p, size_t n, char kind[5]);
/// An item of the file: a picture, a block of metadata. Texts lie in the boxes.
typedef struct kal__heif_item {
    uint64_t id;
    bool hidden;
    unsigned char type[4];
    const char *content, *encoding;   ///< of "mime"; "" of others
} kal__heif_item;
/// The boxes that name the items of a meta box; false: there are none.
bool kal__heif_items(kal__span meta, kal__span *infes);
bool kal__next_item(kal__span *infes, kal__heif_item *out);

/// Where a block of metadata lies: in the boxes (`held`), or at a place of the file.
typedef struct kal__heif_block {
    bool xmp;   ///< else EXIF
    const unsigned char *held;
    uint64_t at, n;
} kal__heif_block;
/// What the boxes say of the primary picture, upright as it will be decoded.
typedef struct kal__heif_head {
    int width, height, bits;
    bool alpha;
    kal__span icc;             ///< in the boxes
    int primaries, transfer;   ///< by their numbers; 0: not said
    kal__heif_block blocks[8];
    int n_blocks;
} kal__heif_head;
/// Of an ordinary file, whose boxes are p and which has `size` bytes. false: it is not; libheif is to be asked.
bool kal__heif_head_of(const unsigned char *p, size_t n, uint64_t size, kal__heif_head *out);
/// Its metadata, from what the boxes say.
kal_status kal__heif_told_meta(const kal__heif_head *h, kal__reader *r, const kal_limits *limits,
                               kal__meta *meta, kal_error *err);
/// Which of two codecs a file's brands ask for.
bool kal__heif_is_hevc(const unsigned char *head, size_t n);
bool kal__heif_is_av1(const unsigned char *head, size_t n);

// ---- the library --------------------------------------------------------------------------------

const char *kal__heif_version(void);
const char *kal__avif_version(void);

#if KAL__HEIF
#define KAL__HEIF_NEEDED(F)                             \
    F(heif_get_version)                                 \
    F(heif_context_alloc)                               \
    F(heif_context_free)                                \
    F(heif_context_read_from_memory_without_copy)       \
    F(heif_context_read_from_reader)                    \
    F(heif_context_get_primary_image_handle)            \
    F(heif_context_set_maximum_image_size_limit)        \
    F(heif_image_handle_release)                        \
    F(heif_image_handle_get_width)                      \
    F(heif_image_handle_get_height)                     \
    F(heif_image_handle_has_alpha_channel)              \
    F(heif_image_handle_is_premultiplied_alpha)         \
    F(heif_image_handle_get_luma_bits_per_pixel)        \
    F(heif_image_handle_get_number_of_metadata_blocks)  \
    F(heif_image_handle_get_list_of_metadata_block_IDs) \
    F(heif_image_handle_get_metadata_content_type)      \
    F(heif_image_handle_get_metadata_size)              \
    F(heif_image_handle_get_metadata)                   \
    F(heif_image_handle_get_color_profile_type)         \
    F(heif_image_handle_get_raw_color_profile_size)     \
    F(heif_image_handle_get_raw_color_profile)          \
    F(heif_decoding_options_alloc)                      \
    F(heif_decoding_options_free)                       \
    F(heif_decode_image)                                \
    F(heif_image_release)                               \
    F(heif_image_get_width)                             \
    F(heif_image_get_height)                            \
    F(heif_image_get_bits_per_pixel_range)              \
    F(heif_image_get_plane_readonly)                    \
    F(heif_have_encoder_for_format)                     \
    F(heif_context_get_encoder_for_format)              \
    F(heif_encoder_release)                             \
    F(heif_encoder_set_lossy_quality)                   \
    F(heif_encoder_set_lossless)                        \
    F(heif_encoder_set_parameter)                       \
    F(heif_encoding_options_alloc)                      \
    F(heif_encoding_options_free)                       \
    F(heif_nclx_color_profile_alloc)                    \
    F(heif_nclx_color_profile_free)                     \
    F(heif_context_encode_image)                        \
    F(heif_context_add_exif_metadata)                   \
    F(heif_context_add_XMP_metadata)                    \
    F(heif_context_write)                               \
    F(heif_image_create)                                \
    F(heif_image_add_plane)                             \
    F(heif_image_get_plane)                             \
    F(heif_image_set_raw_color_profile)                 \
    F(heif_image_set_nclx_color_profile)
/// NULL when the library that runs has none.
#define KAL__HEIF_OPTIONAL(F)                               \
    F(heif_init)                                            \
    F(heif_context_set_max_decoding_threads)                \
    F(heif_get_decoder_descriptors)                         \
    F(heif_decoder_descriptor_get_name)                     \
    F(heif_get_encoder_descriptors)                         \
    F(heif_encoder_descriptor_get_name)                     \
    F(heif_register_decoder_plugin)                         \
    F(heif_image_handle_get_nclx_color_profile)             \
    F(heif_nclx_color_profile_set_color_primaries)          \
    F(heif_nclx_color_profile_set_transfer_characteristics) \
    F(heif_nclx_color_profile_set_matrix_coefficients)

typedef struct kal__heif {
    KAL__HEIF_NEEDED(KAL__FUNCTION)
    KAL__HEIF_OPTIONAL(KAL__FUNCTION)
} kal__heif;

/// The library's functions, loading it at the first call; NULL when it is not there. Threads: any.
const kal__heif *kal__heif_lib(void);

/// A picture's metadata, from the library.
kal_status kal__heif_asked_meta(const kal__heif *lib, const struct heif_image_handle *handle,
                                const char *name, const kal_limits *limits, kal__meta *meta, kal_error *err);

// ---- HEVC on several threads --------------------------------------------------------------------

/// Gives libheif a decoder that may start several workers, when libde265 can be had and libheif's decoder, `own`, is of
/// that very library; false: nothing was done. Nobody else may be using libheif meanwhile.
bool kal__hevc_register(const kal__heif *lib, const char *own);
/// Whether it was done.
bool kal__hevc_registered(void);
/// What that decoder does with pictures decoded on the calling thread from now on.
typedef struct kal__hevc_wish {
    int workers;   ///< that it starts; 0: libheif's own decodes them
    bool rgb;      ///< RGB planes instead of what is coded, where we know how libheif would make them
    const struct heif_color_profile_nclx *colours;   ///< of the file's boxes; NULL: those of the stream count
} kal__hevc_wish;
void kal__hevc_wish_for(const kal__hevc_wish *w);

// ---- colours ------------------------------------------------------------------------------------

/// Luma and two planes of chroma; 8 bits lie in bytes, more in uint16_t.
typedef struct kal__ycc {
    const unsigned char *plane[3];
    ptrdiff_t pitch[3];
    int across, down;   ///< halvings of chroma
    int bits;
    float black, luma, chroma;   ///< of the range: where luma begins, and by what both are stretched
    float matrix[4];             ///< kal__heif_matrix
} kal__ycc;

/// r, g, h and b (heif_rgb.c) of a matrix by its number in nclx; false: libheif does something else with it.
bool kal__heif_matrix(int matrix, float out[4]);
/// Row y as red, green and blue.
void kal__heif_rgb_row(const kal__ycc *p, int y, int width, unsigned char *const to[3]);
/// n pixels of three planes of bytes side by side.
void kal__heif_join(unsigned char *dst, const unsigned char *const plane[3], size_t n);
#endif

// ---- writing ------------------------------------------------------------------------------------

#define KAL__HEIF_PARAMS(P, q, work)                                                      \
    P(INT, quality, q, 0, 100, "", "0..100; what a number means is the encoder's")        \
    P(BOOL, lossless, false, 0, 0, "", "every sample as it was; large")                   \
    P(CHOICE, subsampling, 0, 0, 0, "420|422|444", "resolution of colour; lossless: 444") \
    P(INT, effort, work, 0, 9, "", "0..9: smaller files in more time")                    \
    P(BOOL, strip, false, 0, 0, "", "leave out EXIF, XMP and ICC")
typedef struct kal__heif_p {
    size_t size;
    KAL__HEIF_PARAMS(KAL_FIELD, 0, 0)
} kal__heif_p;
kal_status kal__heif_accepts(const kal_extent *x, const void *params, size_t *memory, kal_error *err);
kal_status kal__avif_accepts(const kal_extent *x, const void *params, size_t *memory, kal_error *err);
kal_status kal__heif_begin(const kal_extent *x, const void *params, const kal__meta *meta, kal__writer *w,
                           kal__encoder **out, kal_error *err);
kal_status kal__avif_begin(const kal_extent *x, const void *params, const kal__meta *meta, kal__writer *w,
                           kal__encoder **out, kal_error *err);
kal_status kal__heif_put(kal__encoder *e, const unsigned char *src, ptrdiff_t stride, int32_t n,
                         kal_error *err);
kal_status kal__heif_end(kal__encoder *e, kal_error *err);

#endif
