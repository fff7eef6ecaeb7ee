// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// EXIF 2.32 (CIPA DC-008): its tags as a table, and its fields.
#include "exif.h"

#include "fields.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_NUMBERS 64   // of a field; more are but bytes

#define P KAL__EXIF_PLAIN
#define L KAL__EXIF_LETTERS
#define C KAL__EXIF_CODED
#define W KAL__EXIF_WIDE
#define T KAL__EXIF_TIME
#define D KAL__EXIF_DATE
#define ASCII KAL__IFD_ASCII
#define BYTE KAL__IFD_BYTE
#define SHORT KAL__IFD_SHORT
#define LONG KAL__IFD_LONG
#define RATIONAL KAL__IFD_RATIONAL
#define SRATIONAL KAL__IFD_SRATIONAL
#define UNDEFINED KAL__IFD_UNDEFINED

static const kal__exif_tag main_tags[] = {
    {254, "NewSubfileType", P, false, 0, 0},
    {256, "ImageWidth", P, false, 0, 0},
    {257, "ImageLength", P, false, 0, 0},
    {258, "BitsPerSample", P, false, 0, 0},
    {259, "Compression", P, false, 0, 0},
    {262, "PhotometricInterpretation", P, false, 0, 0},
    {269, "DocumentName", P, true, ASCII, 0},
    {270, "ImageDescription", P, true, ASCII, 0},
    {271, "Make", P, true, ASCII, 0},
    {272, "Model", P, true, ASCII, 0},
    {273, "StripOffsets", P, false, 0, 0},
    {274, "Orientation", P, false, 0, 0},
    {277, "SamplesPerPixel", P, false, 0, 0},
    {278, "RowsPerStrip", P, false, 0, 0},
    {279, "StripByteCounts", P, false, 0, 0},
    {282, "XResolution", P, false, 0, 0},
    {283, "YResolution", P, false, 0, 0},
    {284, "PlanarConfiguration", P, false, 0, 0},
    {285, "PageName", P, true, ASCII, 0},
    {296, "ResolutionUnit", P, false, 0, 0},
    {301, "TransferFunction", P, false, 0, 0},
    {305, "Software", P, true, ASCII, 0},
    {306, "DateTime", T, true, ASCII, 0},
    {315, "Artist", P, true, ASCII, 0},
    {316, "HostComputer", P, true, ASCII, 0},
    {318, "WhitePoint", P, false, 0, 0},
    {319, "PrimaryChromaticities", P, false, 0, 0},
    {513, "JPEGInterchangeFormat", P, false, 0, 0},
    {514, "JPEGInterchangeFormatLength", P, false, 0, 0},
    {529, "YCbCrCoefficients", P, false, 0, 0},
    {530, "YCbCrSubSampling", P, false, 0, 0},
    {531, "YCbCrPositioning", P, false, 0, 0},
    {532, "ReferenceBlackWhite", P, false, 0, 0},
    {4096, "RelatedImageFileFormat", P, false, 0, 0},
    {4097, "RelatedImageWidth", P, false, 0, 0},
    {4098, "RelatedImageLength", P, false, 0, 0},
    {18246, "Rating", P, true, SHORT, 1},
    {18249, "RatingPercent", P, true, SHORT, 1},
    {33432, "Copyright", P, true, ASCII, 0},
    {34665, "ExifIFDPointer", P, false, 0, 0},
    {34853, "GPSInfoIFDPointer", P, false, 0, 0},
    {40091, "XPTitle", W, true, BYTE, 0},
    {40092, "XPComment", W, true, BYTE, 0},
    {40093, "XPAuthor", W, true, BYTE, 0},
    {40094, "XPKeywords", W, true, BYTE, 0},
    {40095, "XPSubject", W, true, BYTE, 0},
    {50341, "PrintImageMatching", P, false, 0, 0},
};

static const kal__exif_tag photo_tags[] = {
    {33434, "ExposureTime", P, true, RATIONAL, 1},
    {33437, "FNumber", P, true, RATIONAL, 1},
    {34850, "ExposureProgram", P, true, SHORT, 1},
    {34852, "SpectralSensitivity", P, true, ASCII, 0},
    {34855, "PhotographicSensitivity", P, true, SHORT, 0},
    {34856, "OECF", P, true, 0, 0},
    {34864, "SensitivityType", P, true, SHORT, 1},
    {34865, "StandardOutputSensitivity", P, true, LONG, 1},
    {34866, "RecommendedExposureIndex", P, true, LONG, 1},
    {34867, "ISOSpeed", P, true, LONG, 1},
    {34868, "ISOSpeedLatitudeyyy", P, true, LONG, 1},
    {34869, "ISOSpeedLatitudezzz", P, true, LONG, 1},
    {36864, "ExifVersion", L, true, UNDEFINED, 4},
    {36867, "DateTimeOriginal", T, true, ASCII, 0},
    {36868, "DateTimeDigitized", T, true, ASCII, 0},
    {36880, "OffsetTime", P, true, ASCII, 0},
    {36881, "OffsetTimeOriginal", P, true, ASCII, 0},
    {36882, "OffsetTimeDigitized", P, true, ASCII, 0},
    {37121, "ComponentsConfiguration", P, false, 0, 0},
    {37122, "CompressedBitsPerPixel", P, false, 0, 0},
    {37377, "ShutterSpeedValue", P, true, SRATIONAL, 1},
    {37378, "ApertureValue", P, true, RATIONAL, 1},
    {37379, "BrightnessValue", P, true, SRATIONAL, 1},
    {37380, "ExposureBiasValue", P, true, SRATIONAL, 1},
    {37381, "MaxApertureValue", P, true, RATIONAL, 1},
    {37382, "SubjectDistance", P, true, RATIONAL, 1},
    {37383, "MeteringMode", P, true, SHORT, 1},
    {37384, "LightSource", P, true, SHORT, 1},
    {37385, "Flash", P, true, SHORT, 1},
    {37386, "FocalLength", P, true, RATIONAL, 1},
    {37396, "SubjectArea", P, true, 0, 0},
    {37500, "MakerNote", P, true, 0, 0},
    {37510, "UserComment", C, true, UNDEFINED, 0},
    {37520, "SubSecTime", P, true, ASCII, 0},
    {37521, "SubSecTimeOriginal", P, true, ASCII, 0},
    {37522, "SubSecTimeDigitized", P, true, ASCII, 0},
    {37888, "Temperature", P, true, SRATIONAL, 1},
    {37889, "Humidity", P, true, RATIONAL, 1},
    {37890, "Pressure", P, true, RATIONAL, 1},
    {37891, "WaterDepth", P, true, SRATIONAL, 1},
    {37892, "Acceleration", P, true, RATIONAL, 1},
    {37893, "CameraElevationAngle", P, true, SRATIONAL, 1},
    {40960, "FlashpixVersion", L, true, UNDEFINED, 4},
    {40961, "ColorSpace", P, true, SHORT, 1},
    {40962, "PixelXDimension", P, false, 0, 0},
    {40963, "PixelYDimension", P, false, 0, 0},
    {40964, "RelatedSoundFile", P, true, ASCII, 0},
    {40965, "InteroperabilityIFDPointer", P, false, 0, 0},
    {41483, "FlashEnergy", P, true, RATIONAL, 1},
    {41484, "SpatialFrequencyResponse", P, true, 0, 0},
    {41486, "FocalPlaneXResolution", P, true, 0, 0},
    {41487, "FocalPlaneYResolution", P, true, 0, 0},
    {41488, "FocalPlaneResolutionUnit", P, true, 0, 0},
    {41492, "SubjectLocation", P, true, 0, 0},
    {41493, "ExposureIndex", P, true, RATIONAL, 1},
    {41495, "SensingMethod", P, true, SHORT, 1},
    {41728, "FileSource", P, true, UNDEFINED, 1},
    {41729, "SceneType", P, true, UNDEFINED, 1},
    {41730, "CFAPattern", P, true, 0, 0},
    {41985, "CustomRendered", P, true, SHORT, 1},
    {41986, "ExposureMode", P, true, SHORT, 1},
    {41987, "WhiteBalance", P, true, SHORT, 1},
    {41988, "DigitalZoomRatio", P, true, RATIONAL, 1},
    {41989, "FocalLengthIn35mmFilm", P, true, SHORT, 1},
    {41990, "SceneCaptureType", P, true, SHORT, 1},
    {41991, "GainControl", P, true, SHORT, 1},
    {41992, "Contrast", P, true, SHORT, 1},
    {41993, "Saturation", P, true, SHORT, 1},
    {41994, "Sharpness", P, true, SHORT, 1},
    {41995, "DeviceSettingDescription", P, true, 0, 0},
    {41996, "SubjectDistanceRange", P, true, SHORT, 1},
    {42016, "ImageUniqueID", P, true, ASCII, 0},
    {42032, "CameraOwnerName", P, true, ASCII, 0},
    {42033, "BodySerialNumber", P, true, ASCII, 0},
    {42034, "LensSpecification", P, true, RATIONAL, 4},
    {42035, "LensMake", P, true, ASCII, 0},
    {42036, "LensModel", P, true, ASCII, 0},
    {42037, "LensSerialNumber", P, true, ASCII, 0},
    {42080, "CompositeImage", P, true, SHORT, 1},
    {42081, "SourceImageNumberOfCompositeImage", P, true, SHORT, 2},
    {42082, "SourceExposureTimesOfCompositeImage", P, true, 0, 0},
    {42240, "Gamma", P, true, RATIONAL, 1},
};

static const kal__exif_tag place_tags[] = {
    {0, "GPSVersionID", P, true, BYTE, 4},
    {1, "GPSLatitudeRef", P, true, ASCII, 0},
    {2, "GPSLatitude", P, true, RATIONAL, 3},
    {3, "GPSLongitudeRef", P, true, ASCII, 0},
    {4, "GPSLongitude", P, true, RATIONAL, 3},
    {5, "GPSAltitudeRef", P, true, BYTE, 1},
    {6, "GPSAltitude", P, true, RATIONAL, 1},
    {7, "GPSTimeStamp", P, true, RATIONAL, 3},
    {8, "GPSSatellites", P, true, ASCII, 0},
    {9, "GPSStatus", P, true, ASCII, 0},
    {10, "GPSMeasureMode", P, true, ASCII, 0},
    {11, "GPSDOP", P, true, RATIONAL, 1},
    {12, "GPSSpeedRef", P, true, ASCII, 0},
    {13, "GPSSpeed", P, true, RATIONAL, 1},
    {14, "GPSTrackRef", P, true, ASCII, 0},
    {15, "GPSTrack", P, true, RATIONAL, 1},
    {16, "GPSImgDirectionRef", P, true, ASCII, 0},
    {17, "GPSImgDirection", P, true, RATIONAL, 1},
    {18, "GPSMapDatum", P, true, ASCII, 0},
    {19, "GPSDestLatitudeRef", P, true, ASCII, 0},
    {20, "GPSDestLatitude", P, true, RATIONAL, 3},
    {21, "GPSDestLongitudeRef", P, true, ASCII, 0},
    {22, "GPSDestLongitude", P, true, RATIONAL, 3},
    {23, "GPSDestBearingRef", P, true, ASCII, 0},
    {24, "GPSDestBearing", P, true, RATIONAL, 1},
    {25, "GPSDestDistanceRef", P, true, ASCII, 0},
    {26, "GPSDestDistance", P, true, RATIONAL, 1},
    {27, "GPSProcessingMethod", C, true, UNDEFINED, 0},
    {28, "GPSAreaInformation", C, true, UNDEFINED, 0},
    {29, "GPSDateStamp", D, true, ASCII, 0},
    {30, "GPSDifferential", P, true, SHORT, 1},
    {31, "GPSHPositioningError", P, true, RATIONAL, 1},
};

static const kal__exif_tag inter_tags[] = {
    {1, "InteroperabilityIndex", P, true, ASCII, 0},
    {2, "InteroperabilityVersion", L, true, 0, 0},
};

#define ROWS(t)                 \
    {                           \
        t, sizeof t / sizeof *t \
    }
static const struct {
    const kal__exif_tag *rows;
    size_t n;
} tables[] = {ROWS(main_tags), ROWS(photo_tags), ROWS(place_tags), ROWS(inter_tags)};

const kal__exif_tag *kal__exif_tag_of(kal__exif_part part, unsigned tag)
{
    for (size_t i = 0; i < tables[part].n; i++)
        if (tables[part].rows[i].tag == tag) return &tables[part].rows[i];
    return NULL;
}

// "0xc4a5", as a tag without a name is called.
static bool in_digits(const char *name, unsigned *tag)
{
    char *end;
    if (strncmp(name, "0x", 2) != 0 || strlen(name) != 6) return false;
    *tag = (unsigned)strtoul(name + 2, &end, 16);
    return !*end;
}

bool kal__exif_named(const char *name, kal__exif_part *part, kal__exif_tag *out)
{
    *out = (kal__exif_tag){.name = name};
    *part = KAL__EXIF_MAIN;
    if (in_digits(name, &out->tag)) return true;
    for (int k = 0; k < 4; k++)
        for (size_t i = 0; i < tables[k].n; i++)
            if (!strcmp(tables[k].rows[i].name, name)) {
                *part = (kal__exif_part)k;
                *out = tables[k].rows[i];
                return true;
            }
    return false;
}

const char *kal__exif_name_at(size_t i)
{
    for (int k = 0; k < 4; i -= tables[k++].n)
        if (i < tables[k].n) return tables[k].rows[i].name;
    return NULL;
}

// ---- fields -------------------------------------------------------------------------------------

// Which byte of a pair is the high one: of most texts it is mostly 0.
static bool high_first(const unsigned char *p, size_t n, bool otherwise)
{
    size_t first = 0, second = 0;
    if (n >= 2 && (p[0] ^ p[1]) == 1 && (p[0] | p[1]) == 0xff) return p[0] == 0xfe;
    for (size_t i = 0; i + 1 < n; i += 2) first += !p[i], second += !p[i + 1];
    return first == second ? otherwise : first > second;
}

static void coded_text(const kal__ifd *t, const kal__ifd_entry *e, const char *name, kal__fields *f)
{
    const unsigned char *p = t->p + e->at;
    if (e->size < 8) return;
    if (!memcmp(p, "UNICODE", 8)) {
        const bool big = high_first(p + 8, e->size - 8, t->big);
        const size_t mark = e->size >= 10 && (p[8] ^ p[9]) == 1 && (p[8] | p[9]) == 0xff ? 2 : 0;
        kal__fields_wide(f, name, p + 8 + mark, e->size - 8 - mark, big);
    } else if (!memcmp(p, "JIS\0\0\0\0", 8)) {
        kal__fields_bytes(f, name, e->size);
    } else {
        const size_t skip = !memcmp(p, "ASCII\0\0", 8) || !memcmp(p, "\0\0\0\0\0\0\0", 8) ? 8 : 0;
        kal__fields_text(f, name, p + skip, strnlen((const char *)p + skip, e->size - skip), false);
    }
}

static void put_value(kal__text *to, const kal__ifd *t, const kal__ifd_entry *e, size_t i)
{
    double r[2];
    kal__ifd_rational(t, e, i, r);
    if (r[1] == 1)
        kal__putf(to, "%.0f", r[0]);
    else
        kal__putf(to, "%.0f/%.0f", r[0], r[1]);
}

static void numbers(const kal__ifd *t, const kal__ifd_entry *e, const char *name, kal__fields *f)
{
    double v[MOST_NUMBERS];
    kal__text text = {0};
    const bool rational = e->type == KAL__IFD_RATIONAL || e->type == KAL__IFD_SRATIONAL;
    for (size_t i = 0; i < e->count; i++) {
        v[i] = kal__ifd_number(t, e, i);
        if (rational && i) kal__puts(&text, ", ");
        if (rational) put_value(&text, t, e, i);
    }
    if (rational) kal__put(&text, "", 1);
    f->failed |= text.failed;
    if (!f->failed) kal__fields_numbers(f, name, v, e->count, rational ? text.data : NULL);
    free(text.data);
}

static void field(const kal__ifd *t, const kal__ifd_entry *e, const kal__exif_tag *known, const char *name,
                  kal__fields *f)
{
    const unsigned char *p = t->p + e->at;
    const kal__exif_how how = known ? known->how : KAL__EXIF_PLAIN;
    if (how == KAL__EXIF_WIDE)
        kal__fields_wide(f, name, p, e->size, false);
    else if (how == KAL__EXIF_CODED)
        coded_text(t, e, name, f);
    else if (how == KAL__EXIF_LETTERS || e->type == KAL__IFD_ASCII)
        kal__fields_text(f, name, p, strnlen((const char *)p, e->size), false);
    else if (e->count > MOST_NUMBERS || (e->type == KAL__IFD_UNDEFINED && (!known || e->count > 8)))
        kal__fields_bytes(f, name, e->size);
    else
        numbers(t, e, name, f);
}

static bool is_pointer(unsigned tag)
{
    return tag == KAL__EXIF_POINTER || tag == KAL__EXIF_GPS || tag == KAL__EXIF_INTEROP;
}

static void directory(const kal__ifd *t, size_t at, kal__exif_part part, const char *prefix, kal__fields *f)
{
    char name[96];
    kal__ifd_entry e;
    const size_t n = kal__ifd_count(t, at);
    for (size_t i = 0; i < n && !f->failed; i++) {
        if (!kal__ifd_at(t, at, i, &e) || is_pointer(e.tag)) continue;
        const kal__exif_tag *known = kal__exif_tag_of(part, e.tag);
        for (size_t k = 0; k < 2 && !known && part <= KAL__EXIF_PHOTO; k++)   // either may stand in the other
            known = kal__exif_tag_of((kal__exif_part)k, e.tag);
        if (known)
            snprintf(name, sizeof name, "%s.%s", prefix, known->name);
        else
            snprintf(name, sizeof name, "%s.0x%04x", prefix, e.tag);
        field(t, &e, known, name, f);
    }
}

// Degrees, minutes and seconds as degrees; south and west are negative.
static void degrees(const kal__ifd *t, size_t gps, unsigned tag, const char *name, kal__fields *f)
{
    static const double seconds[3] = {3600, 60, 1};
    kal__ifd_entry e, ref;
    double v = 0;
    if (!kal__ifd_find(t, gps, tag, &e) || (e.type != KAL__IFD_RATIONAL && e.type != KAL__IFD_SRATIONAL))
        return;
    for (size_t i = 0; i < e.count && i < 3; i++) {
        const double part = kal__ifd_number(t, &e, i);
        if (isfinite(part)) v += part * seconds[i];
        if (!isfinite(part) && !i) return;
    }
    v /= seconds[0];
    const bool said = kal__ifd_find(t, gps, tag - 1, &ref) && ref.type == KAL__IFD_ASCII;
    const unsigned char letter = said ? t->p[ref.at] : 0;
    if (letter == 'S' || letter == 'W') v = -v;
    kal__fields_numbers(f, name, &v, 1, NULL);
}

static void altitude(const kal__ifd *t, size_t gps, kal__fields *f)
{
    kal__ifd_entry e, ref;
    if (!kal__ifd_find(t, gps, 6, &e)) return;
    double v = kal__ifd_number(t, &e, 0);
    if (kal__ifd_find(t, gps, 5, &ref) && kal__ifd_number(t, &ref, 0) == 1) v = -v;
    if (isfinite(v)) kal__fields_numbers(f, "gps.altitude", &v, 1, NULL);
}

void kal__exif_fields(const kal__blob *exif, kal__fields *f)
{
    kal__ifd t;
    if (!exif->size || !kal__ifd_open(&t, exif->data, exif->size)) return;
    const size_t photo = kal__ifd_sub(&t, t.first, KAL__EXIF_POINTER);
    const size_t gps = kal__ifd_sub(&t, t.first, KAL__EXIF_GPS);
    directory(&t, t.first, KAL__EXIF_MAIN, "exif", f);
    directory(&t, photo, KAL__EXIF_PHOTO, "exif", f);
    directory(&t, kal__ifd_sub(&t, photo, KAL__EXIF_INTEROP), KAL__EXIF_INTER, "exif", f);
    directory(&t, gps, KAL__EXIF_PLACE, "exif", f);
    degrees(&t, gps, 2, "gps.latitude", f);
    degrees(&t, gps, 4, "gps.longitude", f);
    altitude(&t, gps, f);
    directory(&t, kal__ifd_next(&t, t.first), KAL__EXIF_MAIN, "preview", f);
}
